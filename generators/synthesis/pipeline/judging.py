"""What the last worker does with a record: have its code judged by its tests."""

from collections.abc import Awaitable, Callable

import msgspec

from veristone import Decision, InvalidSample, Verifier, VeristoneError
from veristone.generators.synthesis.records import Record, Refusal, StageResult
from veristone.generators.synthesis.verification import Verify, sample_of

__all__ = ["VERIFY", "Undecided", "judging"]

VERIFY = "verify"
"""Name of the stage in commands, files and the store."""


class Undecided(VeristoneError, RuntimeError):
    """The verifier could not judge: a fault of ours, never the sample's. To be tried again."""


def judging(verifier: Verifier, settings: Verify) -> Callable[[Record], Awaitable[StageResult]]:
    """Return what makes a judged record of a record.

    It raises `Undecided` where there is no decision. A record that cannot be a sample (a language
    without sandboxes, too much code) is refused: `invalid_sample`. What the recipe does not verify
    passes as it is, without a verdict.
    """

    async def judge(record: Record) -> StageResult:
        try:
            sample = sample_of(record, settings)
            if sample is None:
                return StageResult(key=record.id, kept=(record,))
            verdict = await verifier.verify(sample)
        except InvalidSample as error:
            refusal = Refusal(
                record=record,
                stage=VERIFY,
                reason="invalid_sample",
                detail=" ".join(str(error).split())[:500],
            )
            return StageResult(key=record.id, refused=(refusal,))
        if verdict.decision is Decision.UNDECIDED:
            raise Undecided(f"{verdict.reason}: {verdict.message}")
        return StageResult(key=record.id, kept=(msgspec.structs.replace(record, verdict=verdict),))

    return judge
