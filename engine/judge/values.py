"""Comparing values that came out of a sandbox with the values that were expected.

Both sides are in the tagged JSON of `sandbox_images.warden.values`. The comparison walks the two
together and never builds the hostile side: sets and keys are compared as canonical text, so
elements that were made to collide, to be slow to parse or to be slow to hash cost no more than
others. Nothing here raises, whatever the sandbox sent: what is no value equals nothing.

Equality is Python's: ``1 == 1.0 == True``, a list is no tuple, a set equals a frozenset. One
difference: NaN equals NaN, because a solution that returns what the reference returns is right.
"""

from collections.abc import Hashable
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

from veristone import FunctionCheck
from veristone.sandbox_images.warden import values

__all__ = ["accepted", "explain", "same"]

_SETS = ("$set", "$frozenset")
_NUMBERS = ("$int", "$float", "$complex", "$decimal", "$fraction")
_LONG = 10_000
"""Digits of a number that is compared with numbers of its own type only: arithmetic on longer
ones is slower than linear."""
_INFINITE = float("inf")
_FAULTS = (ValueError, TypeError, ArithmeticError, LookupError, RecursionError)


def same(expected: Any, actual: Any) -> bool:
    """True where the two are equal as Python values."""
    try:
        # A list of what is left, not a call for each level: right answers may nest deep.
        rest = [(expected, actual)]
        while rest:
            mine, theirs = rest.pop()
            if not _equal_plain(mine, theirs) and not _same(mine, theirs, rest):
                return False
        return True
    except _FAULTS:
        return False


def accepted(expected: Any, actual: Any, check: FunctionCheck) -> bool:
    """True where `actual` is right under the tolerances of the check.

    The rule is EvalPlus's (evalplus 0.3.1, `unsafe_execute`): equal, or, where a tolerance
    applies, of the same type and length and equal under numpy.allclose. In nested lists every
    length must be the same; nothing is broadcast.
    """
    if same(expected, actual):
        return True
    try:
        atol = check.atol
        if atol == 0 and _is_floats(expected):
            atol = check.float_atol
        if atol == 0 or not _same_type(expected, actual):
            return False
        return _all_close(expected, actual, atol, check.rtol)
    except _FAULTS:
        return False


def explain(expected: Any) -> str | None:
    """Say what is wrong with an expected value that no answer can equal, or return None."""
    try:
        values.decode(expected)
        return _foreign(expected)
    except (ImportError, RecursionError):
        return None  # an array without numpy, or deeper than this looks: nothing to find fault with
    except _FAULTS as error:
        return str(error)[:200]


def _foreign(value: Any) -> str | None:
    """Name the first type in `value` that JSON does not have."""
    if isinstance(value, list):
        items = cast(list[Any], value)
    elif isinstance(value, dict):
        items = list(cast(dict[str, Any], value).values())
    elif value is None or isinstance(value, bool | int | float | str):
        return None
    else:
        return f"a {type(value).__name__} must be written with its tag (docs/wire.md)"
    return next((found for found in map(_foreign, items) if found), None)


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
    tag = _tag(value)
    if tag not in _NUMBERS or (tag != "$int" and _is_long(value[tag])):
        return None
    try:
        return values.decode(value)
    except _FAULTS:
        return None


def _is_long(content: Any) -> bool:
    parts = cast(list[Any], content) if isinstance(content, list) else [content]
    for part in parts:
        inner: Any = part
        if isinstance(inner, dict):
            inner = next(iter(cast(dict[str, Any], inner).values()), None)
        if not isinstance(inner, str | int | float) or len(str(inner)) > _LONG:
            return True
    return len(parts) > 2


_Pairs = list[tuple[Any, Any]]
_PLAIN = frozenset((int, str, bool, float, type(None)))


def _equal_plain(expected: Any, actual: Any) -> bool:
    """True for what most values are: two of one plain type, and equal."""
    kind = type(expected)
    return kind is type(actual) and kind in _PLAIN and expected == actual


def _same(expected: Any, actual: Any, rest: _Pairs) -> bool:
    """Compare two values but for what is in them: those pairs are put on `rest`."""
    left, right = _number(expected), _number(actual)
    if left is not None and right is not None:
        return _same_numbers(left, right)
    mine, theirs = _tag(expected), _tag(actual)
    if mine in _SETS and theirs in _SETS:
        return _same_sets(expected[mine], actual[theirs])
    if mine in ("dict", "$dict") and theirs in ("dict", "$dict"):
        return _same_dicts(_pairs(expected), _pairs(actual), rest)
    if mine in ("str", "$str") and theirs in ("str", "$str"):
        return bool(values.decode(expected) == values.decode(actual))
    if mine != theirs:
        return False
    if mine == "list":
        return _same_items(expected, actual, rest)
    if mine == "$tuple":
        return _same_items(expected[mine], actual[theirs], rest)
    if mine == "$ndarray":
        return _same_items(expected[mine][1], actual[theirs][1], rest)
    if mine == "$range":
        return _key(expected) == _key(actual)
    # An address in a repr means that nothing but identity was known.
    return bool(expected == actual) and not (mine == "$object" and " at 0x" in str(expected))


def _same_numbers(left: Any, right: Any) -> bool:
    if left != left and right != right:  # NaN, of whatever type
        return True
    if type(left) is not type(right) and (_is_huge(left) or _is_huge(right)):
        return False
    return bool(left == right)


def _is_huge(value: Any) -> bool:
    return isinstance(value, int) and value.bit_length() > 4 * _LONG


def _same_items(expected: Any, actual: Any, rest: _Pairs) -> bool:
    if not isinstance(expected, list) or not isinstance(actual, list):
        return _same(expected, actual, rest)
    ours, theirs = cast(list[Any], expected), cast(list[Any], actual)
    if len(ours) != len(theirs):
        return False
    pairs = zip(ours, theirs, strict=True)
    rest += [pair for pair in pairs if not _equal_plain(*pair)]
    return True


def _same_sets(expected: Any, actual: Any) -> bool:
    if not isinstance(actual, list) or len(expected) != len(cast(list[Any], actual)):
        return False
    return set(map(_key, expected)) == set(map(_key, cast(list[Any], actual)))


def _pairs(value: dict[str, Any]) -> Any:
    return value["$dict"] if _tag(value) == "$dict" else list(value.items())


def _same_dicts(expected: Any, actual: Any, rest: _Pairs) -> bool:
    if not isinstance(actual, list) or len(expected) != len(cast(list[Any], actual)):
        return False
    mine = {_key(key): item for key, item in expected}
    theirs = {_key(key): item for key, item in cast(list[Any], actual)}
    if mine.keys() != theirs.keys():
        return False
    rest += [(mine[key], theirs[key]) for key in mine]
    return True


def _key(value: Any) -> Hashable:
    """Return something that is equal for equal values, made of text alone.

    The hash of text is salted, so a sample cannot choose values whose hashes collide.

    Raises:
        ValueError: the value has no hash in Python, or is no value.
    """
    number = _number(value)
    if number is not None:
        return _number_key(number)
    tag = _tag(value)
    if tag in ("str", "$str"):
        return "str", values.decode(value)
    if tag == "$tuple":
        return "tuple", *map(_key, value[tag])
    if tag == "$frozenset":
        return "set", frozenset(map(_key, value[tag]))
    if tag == "$range":
        length_start_step = values.decode(value)
        shown = length_start_step[:1]
        step = length_start_step.step if length_start_step[1:] else 0
        return "range", str(len(length_start_step)), str(shown.start if shown else 0), str(step)
    if tag == "NoneType":
        return "None"
    if tag in ("$bytes", "$object", *_NUMBERS) and " at 0x" not in str(value):
        return tag, str(value[tag])
    raise ValueError(f"{tag} cannot be hashed")


def _number_key(number: Any) -> Hashable:
    if number != number:
        return "number", "nan"
    if isinstance(number, complex):
        if number.imag == 0:
            return _number_key(number.real)
        return "complex", _number_key(number.real), _number_key(number.imag)
    if isinstance(number, float | Decimal) and abs(number) == _INFINITE:
        return "number", repr(float(number))
    if isinstance(number, Decimal) and number and abs(number.adjusted()) > 1000:
        return "number", str(number)  # its ratio would have more digits than memory has room for
    if isinstance(number, int):
        return "number", hex(number)
    above, below = cast("float | Decimal | Fraction", number).as_integer_ratio()
    return "number", hex(above) if below == 1 else f"{above:x}/{below:x}"


def _is_floats(value: Any) -> bool:
    tag = _tag(value)
    if tag in ("float", "$float"):
        return True
    if tag == "$ndarray":
        return str(value[tag][0]).startswith("float")
    items = _items(value)
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
    return value[tag][1] if tag == "$ndarray" else None


def _all_close(expected: Any, actual: Any, atol: float, rtol: float) -> bool:
    ours, theirs = _items(expected), _items(actual)
    if isinstance(ours, list) and isinstance(theirs, list):
        mine, yours = cast(list[Any], ours), cast(list[Any], theirs)
        return len(mine) == len(yours) and all(
            _all_close(a, b, atol, rtol) for a, b in zip(mine, yours, strict=True)
        )
    left, right = _number(expected), _number(actual)
    # numpy knows no distance for the others: Decimal, Fraction, text.
    if not isinstance(left, int | float | complex) or not isinstance(right, int | float | complex):
        return False
    if _same_numbers(left, right):
        return True
    # The tolerance of an infinite value is infinite: without this, anything is close to it.
    return abs(left) != _INFINITE and bool(abs(right - left) <= atol + rtol * abs(left))
