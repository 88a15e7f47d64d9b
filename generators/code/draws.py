"""Chance that is the same in every run: numbers drawn from hashes of names.

A draw depends on the recipe's random seed and on what it is for, never on how many were drawn
before: leaving out a record changes nothing for the others.
"""

import hashlib

__all__ = ["draw"]


def draw(random_seed: int, *names: str) -> float:
    """Return a number from 0 up to, not including, 1; uniform over different names."""
    text = "\0".join((str(random_seed), *names))
    digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / (1 << 53)
