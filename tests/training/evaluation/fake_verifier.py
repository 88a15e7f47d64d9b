"""A verifier without a sandbox: the code of a sample says what becomes of it."""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable

from veristone import Reason, Sample, TestResult, Verdict

__all__ = ["FakeVerifier", "Judge", "judge_by_code", "verdict_of"]

Judge = Callable[[Sample], Verdict]


class FakeVerifier:
    """Judges by a function, one sample at a time; knows how many it took ahead of its verdicts."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.samples: list[Sample] = []

    async def verify(self, sample: Sample) -> Verdict:
        self.samples.append(sample)
        return self.judge(sample)

    async def verify_stream(
        self, samples: Iterable[Sample] | AsyncIterable[Sample], *, ordered: bool = True
    ) -> AsyncIterator[Verdict]:
        assert ordered
        assert isinstance(samples, AsyncIterable)
        async for sample in samples:
            yield await self.verify(sample)


def verdict_of(sample: Sample, reason: Reason, passed: Iterable[bool] = ()) -> Verdict:
    tests = [TestResult(passed=each, reason=None if each else reason) for each in passed]
    return Verdict(
        id=sample.id, decision=reason.decision, reason=reason, message="why", tests=tests
    )


def judge_by_code(sample: Sample) -> Verdict:
    """The code of a fake sample says what becomes of it: REASON, then a + or - for each test."""
    reason, _, marks = sample.code.strip().partition(" ")
    return verdict_of(sample, Reason(reason), (mark == "+" for mark in marks))
