"""Choices that are the same in every run: numbers out of hashes, never out of a generator's state.

Whatever is drawn for a record (its examples, its difficulty, the seed of its request) depends on
the recipe's random seed, the stage and the record's id alone. So it does not matter in which order,
how often or in how many processes records are worked on.
"""

import hashlib

__all__ = ["fraction", "number"]

_BITS = 53
"""What a float holds exactly."""


def number(*parts: str | int, below: int) -> int:
    """Return a number from 0 to `below` - 1, spread evenly over different `parts`."""
    return _digest(parts) % below


def fraction(*parts: str | int) -> float:
    """Return a number from 0 up to, but never, 1."""
    return (_digest(parts) % (1 << _BITS)) / (1 << _BITS)


def _digest(parts: tuple[str | int, ...]) -> int:
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    words = [str(part).encode("utf-8", "surrogatepass") for part in parts]
    data = b"".join(b"%d:%s" % (len(word), word) for word in words)
    return int.from_bytes(hashlib.sha256(data).digest()[:16], "big")
