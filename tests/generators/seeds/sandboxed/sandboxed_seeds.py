"""Seeds and verifiers for the tests of the sandboxed steps."""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable

from veristone import Decision, Output, Reason, Sample, Verdict
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.seeds.steps import Outcome


def seed(code: str, *, name: str = "f", docstring: str = "", shape: str = "function") -> Seed:
    """A Python seed called `f`."""
    return Seed(
        id=seed_id("python", code),
        code=code,
        language="python",
        name=name,
        docstring=docstring,
        shape=shape,
        provenance=Provenance(source="tests"),
    )


def word(outcome: Outcome) -> str:
    """`kept`, or the reason why it is rejected or was not judged."""
    return "kept" if isinstance(outcome, Seed) else outcome.reason


class Scripted:
    """A verifier that says what a function says of the sample, and never runs anything."""

    def __init__(self, say: Callable[[Sample], Verdict]) -> None:
        self.say = say
        self.samples: list[Sample] = []

    async def verify(self, sample: Sample) -> Verdict:
        self.samples.append(sample)
        return self.say(sample)

    async def verify_stream(
        self, samples: Iterable[Sample] | AsyncIterable[Sample], *, ordered: bool = True
    ) -> AsyncIterator[Verdict]:
        assert ordered
        assert not isinstance(samples, AsyncIterable)
        for sample in samples:
            yield await self.verify(sample)


def verdict(
    sample: Sample, reason: Reason = Reason.PASSED, stdout: str = "", tail: str = ""
) -> Verdict:
    """A verdict with this reason and output."""
    return Verdict(
        id=sample.id,
        decision=reason.decision,
        reason=reason,
        message="" if reason.decision is Decision.PASS else "as scripted",
        stdout=Output(head=stdout, tail=tail),
    )
