"""Comparing printed text, as the field's graders do (`Comparator` documents each mode)."""

import math
from collections import Counter
from collections.abc import Callable

from veristone import Comparator

__all__ = ["difference", "same_text"]


def same_text(actual: str, expected: str, rule: Comparator) -> bool:
    """True where `actual` is an acceptable rendering of `expected`."""
    if actual == expected:
        return True
    return _MODES[rule.mode](actual, expected, rule)


def _lines(text: str) -> list[str]:
    # Not splitlines(): a form feed or U+2028 ends no line of a program's output.
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _same_lines(actual: str, expected: str, rule: Comparator) -> bool:
    return _lines(actual) == _lines(expected)


def _same_tokens(actual: str, expected: str, rule: Comparator) -> bool:
    return actual.split() == expected.split()


def _same_floats(actual: str, expected: str, rule: Comparator) -> bool:
    ours, theirs = actual.split(), expected.split()
    return len(ours) == len(theirs) and all(
        left == right or _close(left, right, rule) for left, right in zip(ours, theirs, strict=True)
    )


def _close(left: str, right: str, rule: Comparator) -> bool:
    try:
        actual, expected = float(left), float(right)
    except ValueError:
        return False
    if math.isnan(actual) and math.isnan(expected):
        return True
    # The form of numpy.allclose: the tolerance is relative to the expected value.
    if math.isinf(expected) or math.isinf(actual):
        return actual == expected
    return abs(actual - expected) <= rule.atol + rule.rtol * abs(expected)


def _same_unordered(actual: str, expected: str, rule: Comparator) -> bool:
    return Counter(_lines(actual)) == Counter(_lines(expected))


def _same_exact(actual: str, expected: str, rule: Comparator) -> bool:
    return False  # equality was tried already


_MODES: dict[str, Callable[[str, str, Comparator], bool]] = {
    "exact": _same_exact,
    "lines": _same_lines,
    "tokens": _same_tokens,
    "floats": _same_floats,
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
