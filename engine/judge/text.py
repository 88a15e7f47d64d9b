"""Comparing printed text, as the field's graders do (`Comparator` documents each mode).

Texts are compared as the bytes that they are: what is no UTF-8 equals no text, and only the white
space of ASCII is white space, as to every other language's `isspace`.
"""

import math
import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from veristone import Comparator

__all__ = ["difference", "same_text"]

# A number, and signs around it that are no part of one: "33.3%", "(0.5,".
_NUMBER = re.compile(
    rb"([^\w.+-]*)([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([^\w.]*)", flags=re.ASCII
)
# Exponents of more digits would make two numbers of unbearable length.
_DECIMAL = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", flags=re.ASCII)
_INTEGER = re.compile(rb"([+-]?)0*(\d+)", flags=re.ASCII)
_NAN = (b"nan", b"+nan", b"-nan")
_INFINITE = (b"inf", b"-inf")
_NEAREST = 0.49
"""A number that is no integer may be this far from an expected integer, however large that is."""


def same_text(actual: bytes | str, expected: str, rule: Comparator) -> bool:
    """True where `actual` is an acceptable rendering of `expected`."""
    ours, theirs = _bytes(actual), _bytes(expected)
    if ours == theirs:
        return True
    return _MODES[rule.mode](ours, theirs, rule)


def _bytes(text: bytes | str) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def _lines(text: bytes) -> list[bytes]:
    # Not splitlines(): a form feed ends no line of a program's output.
    lines = [line.rstrip() for line in text.split(b"\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _same_lines(actual: bytes, expected: bytes, rule: Comparator) -> bool:
    return _lines(actual) == _lines(expected)


def _same_tokens(actual: bytes, expected: bytes, rule: Comparator) -> bool:
    return actual.split() == expected.split()


def _same_floats(actual: bytes, expected: bytes, rule: Comparator) -> bool:
    ours, theirs = actual.split(), expected.split()
    return len(ours) == len(theirs) and all(
        left == right or _same_token(left, right, rule)
        for left, right in zip(ours, theirs, strict=True)
    )


def _same_token(left: bytes, right: bytes, rule: Comparator) -> bool:
    ours, theirs = _NUMBER.fullmatch(left), _NUMBER.fullmatch(right)
    if ours is None or theirs is None:
        # In whatever case; the sign of NaN means nothing.
        mine, yours = left.lower(), right.lower()
        return (mine in _NAN and yours in _NAN) or (mine == yours and mine in _INFINITE)
    around = ours[1] == theirs[1] and ours[3] == theirs[3]
    return around and _same_number(ours[2], theirs[2], rule)


def _same_number(left: bytes, right: bytes, rule: Comparator) -> bool:
    ours, theirs = _integer(left), _integer(right)
    if ours is not None and theirs is not None:
        return ours == theirs
    actual, expected = float(left), float(right)
    if not math.isfinite(actual) or not math.isfinite(expected):
        return False  # too large to be compared, and not the same text
    # The form of numpy.allclose: the tolerance is relative to the expected value.
    bound = rule.atol + rule.rtol * abs(expected)
    if theirs is not None:
        bound = max(rule.atol, min(bound, _NEAREST))
    return abs(actual - expected) <= bound


def _integer(text: bytes) -> tuple[bool, bytes] | None:
    """Return sign and digits of an integer of any length; None for any other number."""
    found = _INTEGER.fullmatch(text)
    if found is None:
        return None
    return found[1] == b"-" and found[2] != b"0", found[2]


def _same_decimals(actual: bytes, expected: bytes, rule: Comparator) -> bool:
    ours, theirs = ([line.strip() for line in t.strip().split(b"\n")] for t in (actual, expected))
    return len(ours) == len(theirs) and all(
        left == right or _same_decimal_line(left.split(), right.split())
        for left, right in zip(ours, theirs, strict=True)
    )


def _same_decimal_line(left: list[bytes], right: list[bytes]) -> bool:
    numbers = len(left) == len(right) and all(map(_DECIMAL.fullmatch, [*left, *right]))
    return numbers and [Decimal(one.decode()) for one in left] == [
        Decimal(one.decode()) for one in right
    ]


def _same_unordered(actual: bytes, expected: bytes, rule: Comparator) -> bool:
    return Counter(_lines(actual)) == Counter(_lines(expected))


def _same_exact(actual: bytes, expected: bytes, rule: Comparator) -> bool:
    return False  # equality was tried already


_MODES: dict[str, Callable[[bytes, bytes, Comparator], bool]] = {
    "exact": _same_exact,
    "lines": _same_lines,
    "tokens": _same_tokens,
    "floats": _same_floats,
    "decimals": _same_decimals,
    "unordered": _same_unordered,
}


def difference(actual: str, expected: str) -> str:
    """Say in one line where the two texts part."""
    ours, theirs = actual.rstrip().split("\n"), expected.rstrip().split("\n")
    for number, (left, right) in enumerate(zip(ours, theirs, strict=False), 1):
        if left.rstrip() != right.rstrip():
            return f"line {number}: expected {_short(right)}, got {_short(left)}"
    if len(ours) != len(theirs):
        return f"expected {len(theirs)} lines, got {len(ours)}"
    return "differs in white space"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
