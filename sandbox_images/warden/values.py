"""Python values as JSON, without pickle and without trust.

Plain JSON where JSON can say it; a dictionary with one ``$tag`` key where it cannot:

    {"$tuple": [...]}  {"$set": [...]}  {"$frozenset": [...]}  {"$bytes": base64}
    {"$int": hex}      {"$float": "nan" | "inf" | "-inf"}      {"$complex": [re, im]}
    {"$str": hex of UTF-8 with surrogates}                     {"$dict": [[key, value], ...]}
    {"$range": [start, stop, step]}                            {"$ndarray": [dtype, nested list]}
    {"$decimal": text} {"$fraction": [n, d]}                   {"$odict": [[key, value], ...]}
    {"$counter": [[key, value], ...]}                          {"$real": [n, d]}
    {"$object": [type, repr]}

and those of `objects`, for what is no builtin. `encode` runs in the sample's interpreter, so it
looks at exact types and reads subclasses through the methods of their base: an overridden
``__iter__`` or ``__eq__`` changes nothing. What cannot be copied becomes an ``$object``, for people
to read: it equals nothing. `decode` is for values from a trusted side.
"""

from __future__ import annotations

import base64
import math
import sys
from typing import Any, Callable

from . import objects

MAX_DEPTH = 910
"""Levels of JSON in a value: what msgspec reads with Python's usual recursion limit of 1,000.

A list is one level, what has a tag two or three."""
MAX_REPR = 2000


class TooDeep(ValueError):
    """A value is nested deeper than `MAX_DEPTH`."""


_limit, _set_limit = sys.getrecursionlimit, sys.setrecursionlimit
_FRAMES = 8 * MAX_DEPTH
"""Calls within one another that it takes to encode or to decode the deepest value."""


def deeply(function: Callable[[Any], Any], value: Any) -> Any:
    """Return ``function(value)``, for which the deepest value is not too deep."""
    before = _limit()
    _set_limit(min(before + _FRAMES, 2**31 - 1))
    try:
        return function(value)
    finally:
        _set_limit(before)


class Opaque:
    """A value that has no JSON form: known by the name of its type and by its repr."""

    __slots__ = ("kind", "text")

    def __init__(self, kind: str, text: str) -> None:
        self.kind = kind
        self.text = text

    def __repr__(self) -> str:
        return f"<{self.kind}: {self.text}>"


def encode(value: Any, depth: int = 0) -> Any:
    """Return the JSON form of `value`.

    Raises:
        TooDeep: the value is nested deeper than `MAX_DEPTH` (a cycle, most likely).
    """
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        return value if -(2**53) <= value <= 2**53 else {"$int": hex(value)}
    if kind is str:
        return _text(value)
    if kind is float:
        return value if math.isfinite(value) else {"$float": repr(value)}
    if depth > MAX_DEPTH:
        raise TooDeep("value is nested too deep")
    for base, form in _FORMS:
        if issubclass(kind, base):
            return form(value, depth + 1)
    number = _exact_number(kind, value, depth + 1)
    if number is not None:
        return number
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        if issubclass(kind, numpy.generic):
            item = numpy.generic.item(value)
            if type(item) is not kind:  # of a long double the plain one is itself
                return encode(item, depth + 1)
        elif issubclass(kind, numpy.ndarray):
            items = numpy.ndarray.tolist(value)
            return {"$ndarray": [str(value.dtype), encode(items, depth + 2)]}
    form = objects.form(value, depth + 1, encode)
    return _opaque(value) if form is None else form


def _text(value: str) -> Any:
    try:
        str.encode(value, "utf-8")
    except UnicodeEncodeError:
        return {"$str": str.encode(value, "utf-8", "surrogatepass").hex()}
    return str.__str__(value)


def _items(value: Any, depth: int, iterate: Callable[[Any], Any]) -> list[Any]:
    return [encode(item, depth) for item in iterate(value)]


def _dict(value: Any, depth: int) -> Any:
    pairs = list(dict.items(value))
    tag = "$dict" if type(value) is dict else objects.ordered(type(value)) or "$dict"
    if tag == "$dict" and all(type(key) is str and not key.startswith("$") for key, _ in pairs):
        plain = {key: encode(item, depth) for key, item in pairs}
        if all(_text(key) is key for key in plain):
            return plain
    inner = depth + 2
    return {tag: [[encode(key, inner), encode(item, inner)] for key, item in pairs]}


def _opaque(value: Any) -> Any:
    kind = type(value)
    try:
        text = repr(value)[:MAX_REPR]
    except Exception:
        text = "(repr failed)"
    name = f"{kind.__module__}.{kind.__qualname__}"
    return {"$object": [_text(str(name)), _text(text)]}


def _real(value: float) -> Any:
    value = float.__float__(value)
    return value if math.isfinite(value) else {"$float": repr(value)}


# The fields of the base itself: a subclass may call something else `real`.
_complex_real: Any = complex.__dict__["real"].__get__
_complex_imag: Any = complex.__dict__["imag"].__get__

_FORMS: list[tuple[type, Callable[[Any, int], Any]]] = [
    (list, lambda v, d: _items(v, d, list.__iter__)),
    (tuple, lambda v, d: {"$tuple": _items(v, d + 1, tuple.__iter__)}),
    (dict, _dict),
    (set, lambda v, d: {"$set": _items(v, d + 1, set.__iter__)}),
    (frozenset, lambda v, d: {"$frozenset": _items(v, d + 1, frozenset.__iter__)}),
    (str, lambda v, d: _text(str.__str__(v))),
    (bool, lambda v, d: v),
    (int, lambda v, d: encode(int.__int__(v), d)),
    (float, lambda v, d: _real(v)),
    (complex, lambda v, d: {"$complex": [_real(_complex_real(v)), _real(_complex_imag(v))]}),
    (bytes, lambda v, d: {"$bytes": base64.b64encode(bytes.__getitem__(v, slice(None))).decode()}),
    (bytearray, lambda v, d: {"$bytes": base64.b64encode(v).decode()}),
    (range, lambda v, d: {"$range": [encode(n, d) for n in (v.start, v.stop, v.step)]}),
    (type({}.keys()), lambda v, d: {"$set": [encode(key, d + 1) for key in v]}),
]


def _exact_number(kind: type, value: Any, depth: int) -> Any:
    """Return the form of a Decimal or a Fraction, else None.

    Whoever made one has loaded its module; nobody else should have to.
    """
    decimal, fractions = sys.modules.get("decimal"), sys.modules.get("fractions")
    if decimal is not None and issubclass(kind, decimal.Decimal):
        return {"$decimal": decimal.Decimal.__str__(value)}
    if fractions is not None and issubclass(kind, fractions.Fraction):
        fields = fractions.Fraction.__dict__
        parts = [fields[name].__get__(value) for name in ("_numerator", "_denominator")]
        return {"$fraction": [encode(part, depth) for part in parts]}
    return None


def decode(value: Any) -> Any:
    """Return the Python value of a JSON form.

    Raises:
        ValueError: a tag is unknown or its content does not fit.
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        tag = next(iter(value))
        if tag.startswith("$"):
            build = _BUILD.get(tag)
            if build is None:
                raise ValueError(f"unknown value tag {tag!r}")
            try:
                return build(value[tag])
            except _NO_CONTENT as error:
                raise ValueError(f"{tag}: {error}") from error
    return {key: decode(item) for key, item in value.items()}


_NO_CONTENT = (
    TypeError,
    ArithmeticError,
    AttributeError,
    LookupError,
    ImportError,
    SyntaxError,
)
"""What building a value raises, besides ValueError, where the content is not that of its tag."""


def _decimal(content: Any) -> Any:
    import decimal

    return decimal.Decimal(content)


def _fraction(content: Any) -> Any:
    import fractions

    return fractions.Fraction(decode(content[0]), decode(content[1]))


def _ndarray(content: Any) -> Any:
    import ast

    import numpy

    dtype = content[0]
    if dtype[:1] in ("[", "{"):  # a structured type is written as its description
        dtype = ast.literal_eval(dtype)
    return numpy.array(decode(content[1]), dtype=dtype)


def _pairs(content: Any) -> Any:
    return {decode(key): decode(item) for key, item in content}


def _counter(content: Any) -> Any:
    import collections

    return collections.Counter(_pairs(content))


def _odict(content: Any) -> Any:
    import collections

    return collections.OrderedDict(_pairs(content))


def _deque(content: Any) -> Any:
    import collections

    return collections.deque(decode(item) for item in content)


def _array(content: Any) -> Any:
    import array

    return array.array(content[0], decode(content[1]))


def _datetime(name: str) -> Callable[[Any], Any]:
    def build(content: Any) -> Any:
        import datetime

        if name == "timedelta":
            return datetime.timedelta(*content)
        return getattr(datetime, name).fromisoformat(content)

    return build


def _shown(tag: str) -> Callable[[Any], Opaque]:
    """Return what builds a value that only its own process has: a person may read it."""
    return lambda content: Opaque(tag, repr(content)[:MAX_REPR])


_BUILD: dict[str, Callable[[Any], Any]] = {
    "$tuple": lambda c: tuple(decode(item) for item in c),
    "$set": lambda c: {decode(item) for item in c},
    "$frozenset": lambda c: frozenset(decode(item) for item in c),
    "$bytes": lambda c: base64.b64decode(c, validate=True),
    "$int": lambda c: int(c, 16),
    "$float": float,
    "$complex": lambda c: complex(decode(c[0]), decode(c[1])),
    "$str": lambda c: bytes.fromhex(c).decode("utf-8", "surrogatepass"),
    "$dict": _pairs,
    "$odict": _odict,
    "$counter": _counter,
    "$deque": _deque,
    "$array": _array,
    "$iterator": lambda c: iter([decode(item) for item in c[0]]),
    **{f"${name}": _datetime(name) for name in ("datetime", "date", "time", "timedelta")},
    **{
        f"${name}": _shown(name)
        for name in ("enum", "type", "function", "sympy", "sparse", "pandas", "instance")
    },
    "$range": lambda c: range(*[decode(n) for n in c]),
    "$ndarray": _ndarray,
    "$decimal": _decimal,
    "$fraction": _fraction,
    "$real": _fraction,
    "$object": lambda c: Opaque(str(c[0]), str(c[1])),
}
