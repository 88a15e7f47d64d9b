"""Comparing values that came out of a sandbox with the values that were expected.

Both sides are in the tagged JSON of `sandbox_images.warden.values`. The comparison walks the two
together and never builds the hostile side: sets and keys are compared as canonical text, so
elements that were made to collide, to be slow to parse or to be slow to hash cost no more than
others. Nothing here raises, whatever the sandbox sent: what is no value equals nothing.

Equality is Python's: ``1 == 1.0 == True``, a list is no tuple, a set equals a frozenset, the order
counts between two OrderedDicts. What it makes of copies: dataclasses and other objects are equal
where type and fields are, iterators where they yield the same. One difference: NaN equals NaN,
because a solution that returns what the reference returns is right.
"""

import base64
import datetime
from collections.abc import Hashable
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, cast

import msgspec

from veristone import FunctionCheck
from veristone.engine.jobs import Large
from veristone.sandbox_images.warden import values

__all__ = ["Incomparable", "accepted", "explain", "has_nan", "incomparable", "same"]

_SETS = ("$set", "$frozenset")
_DICTS = ("dict", "$dict", "$odict", "$counter")
_MOMENTS = ("$datetime", "$time")
_WHOLE = ("$date", "$timedelta", "$enum", "$type", "$sympy")
"""Tags whose content says all: equal where it is."""
_FIELDS = ("$tuple", "$deque", "$iterator", "$instance", "$sparse", "$pandas", "$enum")
"""Tags whose content is a list of values, compared one by one."""
_NUMBERS = ("$int", "$float", "$complex", "$decimal", "$fraction", "$real")
_LONG = 10_000
"""Digits of a number that is compared with numbers of its own type only: arithmetic on longer
ones is slower than linear."""
_INFINITE = float("inf")
_FAULTS = (ValueError, TypeError, ArithmeticError, LookupError, RecursionError)
_NAN = b'{"$float":"nan"}'
_encode = msgspec.json.Encoder().encode


class Incomparable(Exception):
    """Two functions differ in their code: only their calls could tell them apart."""


class _Tolerance(NamedTuple):
    """How far a number may be from an expected float."""

    atol: float = 0.0
    rtol: float = 0.0


_EXACT = _Tolerance()


def same(expected: Any, actual: Any, tolerance: _Tolerance = _EXACT) -> bool:
    """True where the two are equal as Python values.

    Raises:
        Incomparable: they are, but for functions that cannot be compared.
    """
    unknown = False
    try:
        # A list of what is left, not a call for each level: right answers may nest deep.
        rest = [(expected, actual)]
        while rest:
            mine, theirs = rest.pop()
            if _equal_plain(mine, theirs):
                continue
            try:
                if not _same(mine, theirs, rest, tolerance):
                    return False
            except Incomparable:
                unknown = True
    except _FAULTS:
        return False
    if unknown:
        raise Incomparable
    return True


def accepted(expected: Any, actual: Any, check: FunctionCheck) -> bool:
    """True where `actual` is right under the tolerances of the check.

    The rule is EvalPlus's (evalplus 0.3.1, `unsafe_execute`): equal, or, where a tolerance
    applies, of the same type and length and equal under numpy.allclose. It holds for each float
    wherever it stands in the expected value; whole numbers are exact, and nothing is broadcast.

    Raises:
        Incomparable: see `same`.
    """
    atol = check.atol or check.float_atol
    if atol == 0 or not _same_type(expected, actual):
        return same(expected, actual)
    return same(expected, actual, _Tolerance(atol, check.rtol))


def has_nan(value: Any) -> bool:
    """True where a value holds a NaN, at any depth."""
    return _NAN in (value.text if isinstance(value, Large) else _encode(value))


def incomparable(value: Any) -> str | None:
    """Name the type of something in `value` that has no copy to be compared with, or None."""
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, list):
            rest += cast("list[Any]", item)
        elif isinstance(item, dict):
            fields = cast("dict[str, Any]", item)
            if _tag(fields) == "$object":
                return str(fields["$object"][0])
            rest += fields.values()
    return None


def explain(expected: Any) -> str | None:
    """Say what is wrong with an expected value that no answer can equal, or return None."""
    try:
        values.decode(expected)
        unknown = incomparable(expected)
        return _foreign(expected) if unknown is None else f"no copy equals a {unknown}"
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


def _same(expected: Any, actual: Any, rest: _Pairs, tolerance: _Tolerance) -> bool:
    """Compare two values but for what is in them: those pairs are put on `rest`."""
    left, right = _number(expected), _number(actual)
    if left is not None and right is not None:
        return _same_numbers(left, right) or _close(
            _rounded(expected, left), _rounded(actual, right), tolerance
        )
    mine, theirs = _tag(expected), _tag(actual)
    if mine in _SETS and theirs in _SETS:
        return _same_sets(expected[mine], actual[theirs], tolerance)
    if mine in _DICTS and theirs in _DICTS:
        if mine == theirs == "$odict":
            return _same_items(expected[mine], actual[theirs], rest)
        whole = mine == theirs == "$counter"
        return _same_dicts(_pairs(expected, whole), _pairs(actual, whole), rest)
    if mine in ("str", "$str") and theirs in ("str", "$str"):
        return bool(values.decode(expected) == values.decode(actual))
    if tolerance.atol and mine in _ROWS and theirs in _ROWS and mine != theirs:
        # As numpy, to which a row of numbers is a row of numbers.
        rest.append((_row(expected), _row(actual)))
        return _all_numbers(expected)
    if mine != theirs or mine == "$object":
        return False
    if mine == "list":
        return _same_items(expected, actual, rest)
    if mine in _FIELDS:
        return _same_items(expected[mine], actual[theirs], rest)
    if mine in ("$ndarray", "$array"):
        rest.append((expected[mine][1], actual[theirs][1]))
        return True
    if mine == "$function":
        if expected[mine][0] != actual[theirs][0]:
            raise Incomparable
        return _same_items(expected[mine], actual[theirs], rest)
    return _key(expected) == _key(actual)


def _same_numbers(left: Any, right: Any) -> bool:
    if left != left and right != right:  # NaN, of whatever type
        return True
    if type(left) is not type(right) and (_is_huge(left) or _is_huge(right)):
        return False
    return bool(left == right)


def _rounded(value: Any, number: Any) -> Any:
    """Return a float of more digits than ours as one of ours."""
    return float(number) if _tag(value) == "$real" else number


def _close(left: Any, right: Any, tolerance: _Tolerance) -> bool:
    """Compare with an expected number as numpy.allclose does; two whole numbers must be equal."""
    for number in (left, right):
        # numpy knows no distance for the others: Decimal, Fraction.
        if not isinstance(number, int | float | complex) or _is_huge(number):
            return False
    if tolerance.atol == 0 or (isinstance(left, int) and isinstance(right, int)):
        return False
    # The tolerance of an infinite value is infinite: without this, anything is close to it.
    bound = tolerance.atol + tolerance.rtol * abs(left)
    return abs(left) != _INFINITE and bool(abs(right - left) <= bound)


def _is_huge(value: Any) -> bool:
    return isinstance(value, int) and value.bit_length() > 4 * _LONG


def _same_items(expected: Any, actual: Any, rest: _Pairs) -> bool:
    if not isinstance(expected, list) or not isinstance(actual, list):
        rest.append((expected, actual))
        return not isinstance(expected, list)
    ours, theirs = cast(list[Any], expected), cast(list[Any], actual)
    if len(ours) != len(theirs):
        return False
    pairs = zip(ours, theirs, strict=True)
    rest += [pair for pair in pairs if not _equal_plain(*pair)]
    return True


def _same_sets(expected: Any, actual: Any, tolerance: _Tolerance) -> bool:
    if not isinstance(actual, list) or len(expected) != len(cast(list[Any], actual)):
        return False
    if set(map(_key, expected)) == set(map(_key, cast(list[Any], actual))):
        return True
    if tolerance.atol == 0:
        return False
    numbers = [[_number(item) for item in items] for items in (expected, cast(Any, actual))]
    if not all(isinstance(n, int | float) for side in numbers for n in side):
        return False
    return all(
        _same_numbers(left, right) or _close(left, right, tolerance)
        for left, right in zip(*map(sorted, numbers), strict=True)
    )


def _pairs(value: dict[str, Any], whole: bool = False) -> Any:
    """Return [key, value] pairs; of a Counter that is compared with one, those that count."""
    tag = _tag(value)
    pairs = value[tag] if tag != "dict" else list(value.items())
    return [pair for pair in pairs if pair[1] != 0] if whole else pairs


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
    if tag == "$bytes":
        return tag, base64.b64decode(value[tag], validate=True)
    if tag in _MOMENTS:
        return tag, _moment(tag, value[tag])
    if tag == "$instance":
        return tag, _frozen(value[tag])
    if tag in (*_WHOLE, *_NUMBERS):
        return tag, str(value[tag])
    raise ValueError(f"{tag} cannot be hashed")


def _frozen(content: Any) -> Hashable:
    """Return what is equal for equal fields; they may hold what has no hash by itself."""
    if isinstance(content, list):
        return "list", *map(_frozen, cast("list[Any]", content))
    if _tag(content) in _DICTS:
        pairs = _pairs(content)
        return "dict", frozenset((_key(key), _frozen(item)) for key, item in pairs)
    return _key(content)


def _moment(tag: str, text: str) -> str:
    """Return the instant of a datetime or time that knows its zone, else what its clock shows."""
    if tag == "$time":
        return datetime.time.fromisoformat(text).isoformat()
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC)
    return moment.isoformat()


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


_KINDS = {"$float": "float", "$real": "float", "$int": "int"}


_ROWS = ("list", "$tuple", "$ndarray")


def _row(value: Any) -> Any:
    tag = _tag(value)
    if tag == "list":
        return value
    return value[tag][1] if tag == "$ndarray" else value[tag]


def _all_numbers(value: Any) -> bool:
    if _tag(value) in _ROWS:
        return all(map(_all_numbers, _row(value)))
    return _number(value) is not None


def _same_type(expected: Any, actual: Any) -> bool:
    mine, theirs = _tag(expected), _tag(actual)
    return _KINDS.get(mine, mine) == _KINDS.get(theirs, theirs)
