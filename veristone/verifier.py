"""The one protocol that everything which verifies satisfies."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Protocol, runtime_checkable

from veristone.sample import Sample
from veristone.verdict import Verdict

__all__ = ["Verifier"]


@runtime_checkable
class Verifier(Protocol):
    """Judges samples. The in-process engine is one; clients of a service are others.

    A verdict that says `undecided` is an answer, not an error: it stands for a fault of the
    verifier, and whoever computes a score must leave it out.
    """

    async def verify(self, sample: Sample) -> Verdict:
        """Judge one sample.

        Raises:
            InvalidSample: the sample cannot be judged as it is.
        """
        ...

    def verify_stream(
        self, samples: Iterable[Sample] | AsyncIterable[Sample], *, ordered: bool = True
    ) -> AsyncIterator[Verdict]:
        """Judge samples as they come: one verdict each, in input order unless `ordered` is false.

        Memory stays bounded however long the stream is. A sample that cannot be judged as it is
        gets an `undecided` verdict whose message says why: it does not end the stream.
        """
        ...
