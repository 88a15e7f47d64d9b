"""Values as digests: equal results of two programs, whatever the programs, have equal ones.

Numbers are equal by value (`True`, 1 and 1.0) and floats to 7 digits, lists and tuples by their
items, and what only iterates (a generator, a range, a view) is the list of its items. A class
derived from a built-in one is read with the built-in's own methods. Values of other kinds have no
digest: `NoDigest`.
"""

from __future__ import annotations

import builtins
from typing import Any, cast

try:
    from _blake2 import blake2b  # hashlib would load OpenSSL too, which takes longer than a seed
except ImportError:
    from hashlib import blake2b

__all__ = ["NoDigest", "combine", "digest"]

# Names of our own, whatever a seed makes of its builtins.
globals().update({name: value for name, value in vars(builtins).items() if name[0] != "_"})

SIZE = 6
"""Bytes of a digest: 2,000 tasks and 10 million seeds collide by chance in 7 of 100,000 runs."""
MOST_ITEMS = 20_000
MOST_BYTES = 256 * 1024
MOST_DEPTH = 40


class NoDigest(Exception):
    """The value has no form of its own here, or is too large or too deep."""


def digest(value: object) -> tuple[bytes, int]:
    """Return the digest of a value and how many bits it would take to guess it, roughly.

    Bits: 1 for None, a truth value, 0 and 1; for a larger integer its length and sign; 16 for a
    float; 4 for a character; for a collection 2 and those of its items. At most 64.
    """
    writer = _Writer()
    writer.write(value, 0)
    return blake2b(b"".join(writer.parts), digest_size=SIZE).digest(), min(writer.bits, 64)


def combine(digests: list[bytes]) -> bytes:
    """Return one digest for the results of several calls, in order."""
    return blake2b(b"".join(digests), digest_size=SIZE).digest()


# The built-in classes as values without a type of their own.
_dict: Any = dict
_classes: tuple[Any, ...] = (list, tuple, set, frozenset)


def _iterate(value: Any) -> Any:
    """Iterate over a collection with its built-in class's method, whatever its own says."""
    for base in _classes:
        if isinstance(value, base):
            return base.__iter__(value)
    raise NoDigest


class _Writer:
    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.bits = 0
        self._items = MOST_ITEMS
        self._bytes = MOST_BYTES

    def _put(self, part: bytes) -> None:
        self._bytes -= len(part)
        if self._bytes < 0:
            raise NoDigest
        self.parts.append(part)

    def write(self, value: Any, depth: int) -> None:
        self._items -= 1
        if depth > MOST_DEPTH or self._items < 0:
            raise NoDigest
        kind = cast("type[Any]", type(value))
        if value is None:
            self.bits += 1
            self._put(b"N")
        elif issubclass(kind, int):
            self._integer(int.__add__(value, 0))
        elif issubclass(kind, float):
            self._float(float.__add__(value, 0.0))
        elif issubclass(kind, str):
            self._text(b"s", str.encode(value, "utf-8", "surrogatepass"))
        elif issubclass(kind, (bytes, bytearray)):
            self._text(b"b", b"".join([memoryview(value)]))
        elif issubclass(kind, complex):
            self._float(complex.__add__(value, 0).real)
            self._float(complex.__add__(value, 0).imag)
            self._put(b"j")
        elif issubclass(kind, dict):
            self._unordered(b"<", list(_dict.items(value)), depth)
        elif issubclass(kind, (set, frozenset)):
            self._unordered(b"{", list(_iterate(value)), depth)
        else:
            self._sequence(value, kind, depth)

    def _integer(self, value: int) -> None:
        length = value.bit_length()
        self.bits += 1 if length < 2 and value >= 0 else min(length + 1, 32)
        self._put(b"n%x;" % value if value >= 0 else b"n-%x;" % -value)

    def _float(self, value: float) -> None:
        if value != value:
            self._put(b"nan;")
        elif value in (float("inf"), float("-inf")):
            self._put(b"inf;" if value > 0 else b"-inf;")
        elif abs(value - round(value)) <= 1e-9 * max(1.0, abs(value)) and abs(value) < 2.0**53:
            self._integer(round(value))
        else:
            self.bits += 16
            self._put(b"f%.7g;" % value)

    def _text(self, mark: bytes, text: bytes) -> None:
        self.bits += 1 + 4 * len(text)
        self._put(b"%s%d:" % (mark, len(text)))
        self._put(text)

    def _unordered(self, mark: bytes, items: list[Any], depth: int) -> None:
        forms: list[bytes] = []
        for item in items:
            inner = _Writer()
            inner._items = self._items
            inner.write(item, depth + 1)
            self._items = inner._items
            self.bits += inner.bits
            forms.append(b"".join(inner.parts))
        self.bits += 2
        self._put(mark)
        for form in sorted(forms):
            self._put(form)
        self._put(b".")

    def _sequence(self, value: Any, kind: type[Any], depth: int) -> None:
        items: Any
        if issubclass(kind, (list, tuple)):
            items = _iterate(value)
        elif hasattr(kind, "tolist"):  # numpy's arrays and numbers
            self.write(value.tolist(), depth + 1)
            return
        elif hasattr(kind, "__iter__") and not isinstance(value, type):
            items = iter(value)
        else:
            raise NoDigest
        self.bits += 2
        self._put(b"[")
        for item in items:
            self.write(item, depth + 1)
        self._put(b"]")
