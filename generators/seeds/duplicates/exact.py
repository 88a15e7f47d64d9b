"""Rejects seeds that are, but for layout, the same as an earlier one.

Whitespace does not count, as in Magicoder's and StarCoder2-Instruct's cleaning: code is compared
with all of it removed. Comments and documentation count (what differs in them alone is found by
`near`). Two seeds of different languages differ, as their ids do.

A seed is known by 128 bits of a cryptographic hash (BLAKE2b): among 10^8 seeds two different ones
meet with a probability of 1.5e-23, and nobody can write a seed that throws another one out.
"""

import hashlib
from typing import Literal

from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Decide, OrderedStep, Outcome, Rejected

__all__ = ["ExactDuplicates"]


class ExactDuplicates(OrderedStep, frozen=True):
    """Keeps the first of equal seeds; the others are `duplicate`, with the first one's id."""

    kind: Literal["exact_duplicates"] = "exact_duplicates"

    def begin(self) -> Decide:
        """Decide by a table of digests."""
        first: dict[bytes, str] = {}

        def decide(seed: Seed) -> Outcome:
            digest = _digest(seed)
            if digest in first:
                return Rejected("duplicate", first[digest])
            first[digest] = seed.id
            return seed

        return decide


def _digest(seed: Seed) -> bytes:
    data = f"{seed.language}\0{''.join(seed.code.split())}".encode(errors="surrogatepass")
    return hashlib.blake2b(data, digest_size=16).digest()
