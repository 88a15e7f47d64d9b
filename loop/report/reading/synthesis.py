"""What a synthesis run counted: `counts.json`."""

from pathlib import Path

import msgspec

from veristone.loop.report.facts import Counted, Stage
from veristone.loop.report.reading.files import Trouble, read_struct

__all__ = ["StageCounts", "SynthesisCounts", "read_counts"]

_FEED, _VERIFY = "feed", "verify"
_PASSED = "passed"


class StageCounts(msgspec.Struct, frozen=True, kw_only=True):
    """One stage."""

    stage: str
    given: int = 0
    kept: int = 0
    refused: dict[str, int] = {}
    dead: int = 0
    """Records without a result for faults of ours or of the model's server, given up."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    verdicts: dict[str, int] = {}
    """Of `verify`: by reason."""

    def reasons(self) -> list[Counted]:
        """Return why records went no further; of `verify`, failures by their reason as well."""
        found = dict(self.refused)
        for reason, number in self.verdicts.items():
            if reason != _PASSED:
                found[reason] = found.get(reason, 0) + number
        if self.dead:
            found["no_result"] = found.get("no_result", 0) + self.dead
        ranked = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
        return [Counted(name=name, number=number) for name, number in ranked if number > 0]


class SynthesisCounts(msgspec.Struct, frozen=True, kw_only=True):
    """`counts.json`."""

    recipe: str = ""
    finished: bool = False
    stages: list[StageCounts] = []

    @property
    def verified(self) -> StageCounts | None:
        """The counts of verification."""
        return next((one for one in self.stages if one.stage == _VERIFY), None)

    @property
    def responses(self) -> int | None:
        """Responses that were judged or exported; None before there are any."""
        return self.verified.kept if self.verified is not None else None

    @property
    def passed(self) -> int | None:
        """Those that passed."""
        return self.verified.verdicts.get(_PASSED, 0) if self.verified is not None else None

    @property
    def prompt_tokens(self) -> int:
        """Of all stages."""
        return sum(one.prompt_tokens for one in self.stages)

    @property
    def completion_tokens(self) -> int:
        """Of all stages."""
        return sum(one.completion_tokens for one in self.stages)

    def funnel(self) -> list[Stage]:
        """Return the stages. Records without a verdict pass verification as it lets them pass."""
        found: list[Stage] = []
        for one in self.stages:
            is_verify = one.stage == _VERIFY
            judged = sum(one.verdicts.values())
            failed = judged - one.verdicts.get(_PASSED, 0)
            found.append(
                Stage(
                    part="synthesis",
                    name=one.stage,
                    unit="response" if is_verify else "record",
                    given=one.given,
                    kept=one.kept - failed if is_verify else one.kept,
                    reasons=one.reasons(),
                )
            )
        # The feed says something only where it refused.
        return [one for one in found if one.name != _FEED or one.reasons]


def read_counts(folder: Path, trouble: Trouble) -> SynthesisCounts | None:
    """Return the counts of a synthesis step's folder; None before they are written."""
    return read_struct(folder / "counts.json", SynthesisCounts, trouble)
