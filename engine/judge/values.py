"""Comparing values that came out of a sandbox with the values that were expected.

Both sides are in the tagged JSON of `sandbox_images.warden.values`. The comparison walks the two
together and never builds more of the hostile side than the expected side is large, so a value
made to be slow to hash or to parse costs what the expected value costs.

Equality is Python's: ``1 == 1.0 == True``, a list is no tuple, a set equals a frozenset. One
difference: NaN equals NaN, because a solution that returns what the reference returns is right.
"""

import math
from typing import Any, cast

from sandbox_images.warden import values
from veristone import FunctionCheck

__all__ = ["accepted", "same", "show"]

_SETS = ("$set", "$frozenset")
_NUMBERS = ("$int", "$float", "$complex", "$decimal", "$fraction")


def _tag(value: Any) -> str:
    if isinstance(value, dict):
        keys = list(cast(dict[str, Any], value))
        if len(keys) == 1 and keys[0].startswith("$"):
            return keys[0]
        return "dict"
    return type(cast(object, value)).__name__


def _number(value: Any) -> Any:
    """Return the number behind a plain or tagged form, or None."""
    if isinstance(value, bool | int | float):
        return value
    if _tag(value) in _NUMBERS:
        try:
            return values.decode(value)
        except ValueError:
            return None
    return None


def same(expected: Any, actual: Any) -> bool:
    """True where the two are equal as Python values."""
    left, right = _number(expected), _number(actual)
    if left is not None or right is not None:
        if left is None or right is None:
            return False
        return bool(left == right) or (_is_nan(left) and _is_nan(right))
    mine, theirs = _tag(expected), _tag(actual)
    if mine in _SETS and theirs in _SETS:
        return _same_sets(expected[mine], actual[theirs])
    if mine in ("dict", "$dict") and theirs in ("dict", "$dict"):
        return _same_dicts(_pairs(expected), _pairs(actual))
    if mine != theirs:
        return False
    if mine == "list":
        return _same_items(expected, actual)
    if mine == "$tuple":
        return _same_items(expected[mine], actual[theirs])
    if mine == "$ndarray":
        return _same_items(_nested(expected), _nested(actual))
    if mine == "$object":
        # An address in a repr means that nothing but identity was known.
        return expected == actual and " at 0x" not in str(expected)
    return bool(expected == actual)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _nested(value: Any) -> Any:
    content = value["$ndarray"]
    return content[1] if isinstance(content, list) and len(cast(list[Any], content)) == 2 else None


def _same_items(expected: Any, actual: Any) -> bool:
    if not isinstance(expected, list) or not isinstance(actual, list):
        return same(expected, actual)
    ours, theirs = cast(list[Any], expected), cast(list[Any], actual)
    return len(ours) == len(theirs) and all(map(same, ours, theirs))


def _same_sets(expected: Any, actual: Any) -> bool:
    if not isinstance(actual, list) or len(expected) != len(cast(list[Any], actual)):
        return False
    try:
        return bool(values.decode({"$set": expected}) == values.decode({"$set": actual}))
    except ValueError:
        return False


def _pairs(value: Any) -> Any:
    return value["$dict"] if "$dict" in value and len(value) == 1 else list(value.items())


def _same_dicts(expected: Any, actual: Any) -> bool:
    if not isinstance(actual, list) or len(expected) != len(cast(list[Any], actual)):
        return False
    try:
        mine = {values.decode(key): item for key, item in expected}
        theirs = {values.decode(key): item for key, item in actual}
    except (ValueError, TypeError):
        return False
    return mine.keys() == theirs.keys() and all(same(mine[key], theirs[key]) for key in mine)


def accepted(expected: Any, actual: Any, check: FunctionCheck) -> bool:
    """True where `actual` is right under the tolerances of the check.

    The rule is EvalPlus's (evalplus 0.3.1, `unsafe_execute`): equal, or, where a tolerance
    applies, of the same type and length and equal under numpy.allclose.
    """
    if same(expected, actual):
        return True
    atol = check.atol
    if atol == 0 and _is_floats(expected):
        atol = check.float_atol
    if atol == 0 or not _same_type(expected, actual):
        return False
    return _all_close(expected, actual, atol, check.rtol)


def _is_floats(value: Any) -> bool:
    if _tag(value) in ("float", "$float"):
        return True
    items: Any = value if isinstance(value, list) else None
    if _tag(value) == "$tuple":
        items = value["$tuple"]
    if _tag(value) == "$ndarray":
        return str(value["$ndarray"][0]).startswith("float")
    if not isinstance(items, list) or not items:
        return False
    return all(_tag(item) in ("float", "$float") for item in cast(list[Any], items))


_KINDS = {"$float": "float", "$int": "int"}


def _same_type(expected: Any, actual: Any) -> bool:
    mine, theirs = _tag(expected), _tag(actual)
    return _KINDS.get(mine, mine) == _KINDS.get(theirs, theirs)


def _items(value: Any) -> Any:
    tag = _tag(value)
    if tag == "list":
        return value
    if tag == "$tuple":
        return value[tag]
    return _nested(value) if tag == "$ndarray" else None


def _all_close(expected: Any, actual: Any, atol: float, rtol: float) -> bool:
    ours, theirs = _items(expected), _items(actual)
    if isinstance(ours, list) and isinstance(theirs, list):
        mine, yours = cast(list[Any], ours), cast(list[Any], theirs)
        return len(mine) == len(yours) and all(
            _all_close(a, b, atol, rtol) for a, b in zip(mine, yours, strict=True)
        )
    left, right = _number(expected), _number(actual)
    if left is None or right is None:
        return False
    try:
        if _is_nan(left) or _is_nan(right):
            return _is_nan(left) and _is_nan(right)
        return left == right or bool(abs(right - left) <= atol + rtol * abs(left))
    except (TypeError, OverflowError):
        return False


def show(value: Any) -> str:
    """Return a short rendering of a value for a message."""
    try:
        text = repr(values.decode(value))
    except (ValueError, RecursionError, ImportError):
        text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
