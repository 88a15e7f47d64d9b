"""Values that cross as copies: built-in ones, and those of the standard library that hold data.

JSON says None, bool, int, float (with NaN and Infinity), str and list by itself. All else is an
object with one key, its tag:

    {"tuple": [...]} {"set": [...]} {"frozenset": [...]}
    {"map": {text: value}} {"dict": [[k, v], ...]}
    {"bytes": base64} {"bytearray": base64} {"complex": [re, im]} {"range": [start, stop, step]}
    {"slice": [...]} {"keys": [...]} {"items": [[k, v], ...]} {"std": [name, content]}
    {"array": [dtype, shape, base64, is_scalar, is_writeable]} {"objects": [shape, [...]]}

An exact type is asked for, never `isinstance`: an object of a class of its own crosses by reference
(`peer`). Each form is built from exact values alone, so reading one runs no code of the sender.
"""

from __future__ import annotations

import base64
import sys
import types
from typing import Any, Callable, Optional

Encode = Callable[[Any], Any]
Decode = Callable[[Any], Any]

PLAIN = frozenset((type(None), bool, int, float, str))
"""What JSON says by itself."""


def _b64(data: Any) -> str:
    return base64.b64encode(data).decode()


def _items(value: Any, encode: Encode) -> list[Any]:
    if PLAIN.issuperset(map(type, value)):
        return list(value)
    return [encode(item) for item in value]


def _pairs(value: Any, encode: Encode) -> list[Any]:
    return [[encode(key), encode(item)] for key, item in value]


def _dict(value: dict[Any, Any], encode: Encode) -> Any:
    if {str}.issuperset(map(type, value)):
        return {"map": {key: encode(item) for key, item in value.items()}}
    return {"dict": _pairs(value.items(), encode)}


_FORMS: dict[type, Callable[[Any, Encode], Any]] = {
    list: _items,
    tuple: lambda v, e: {"tuple": _items(v, e)},
    dict: _dict,
    set: lambda v, e: {"set": _items(v, e)},
    frozenset: lambda v, e: {"frozenset": _items(v, e)},
    bytes: lambda v, e: {"bytes": _b64(v)},
    bytearray: lambda v, e: {"bytearray": _b64(v)},
    complex: lambda v, e: {"complex": [v.real, v.imag]},
    range: lambda v, e: {"range": [v.start, v.stop, v.step]},
    slice: lambda v, e: {"slice": [e(v.start), e(v.stop), e(v.step)]},
    type({}.keys()): lambda v, e: {"keys": _items(list(v), e)},
    type({}.items()): lambda v, e: {"items": _pairs(v, e)},
    types.MappingProxyType: lambda v, e: {"std": ["types.mappingproxy", _pairs(v.items(), e)]},
    type(Ellipsis): lambda v, e: {"std": ["Ellipsis", None]},
    type(NotImplemented): lambda v, e: {"std": ["NotImplemented", None]},
}


def _standard() -> dict[tuple[str, str], Callable[[Any, Encode], Any]]:
    """Return content by (module, name) of the library's types, whose modules may not be loaded."""
    return {
        ("collections", "deque"): lambda v, e: [_items(v, e), v.maxlen],
        ("collections", "OrderedDict"): lambda v, e: _pairs(v.items(), e),
        ("collections", "Counter"): lambda v, e: _pairs(v.items(), e),
        ("collections", "defaultdict"): lambda v, e: [e(v.default_factory), _pairs(v.items(), e)],
        ("decimal", "Decimal"): lambda v, e: str(v),
        ("fractions", "Fraction"): lambda v, e: [v.numerator, v.denominator],
        ("datetime", "date"): lambda v, e: [v.year, v.month, v.day],
        ("datetime", "time"): lambda v, e: [*_clock(v), e(v.tzinfo), v.fold],
        ("datetime", "datetime"): lambda v, e: [
            *(v.year, v.month, v.day),
            *(*_clock(v), e(v.tzinfo), v.fold),
        ],
        ("zoneinfo", "ZoneInfo"): lambda v, e: v.key,
        ("datetime", "timedelta"): lambda v, e: [v.days, v.seconds, v.microseconds],
        ("datetime", "timezone"): lambda v, e: [e(v.utcoffset(None)), v.tzname(None)],
        ("uuid", "UUID"): lambda v, e: v.int,
        ("pathlib", "PosixPath"): lambda v, e: str(v),
        ("pathlib", "PurePosixPath"): lambda v, e: str(v),
        ("array", "array"): lambda v, e: [v.typecode, _b64(v.tobytes())],
    }


_STANDARD = _standard()


def _clock(value: Any) -> tuple[int, int, int, int]:
    return value.hour, value.minute, value.second, value.microsecond


def form_of(value: Any, encode: Encode) -> Optional[Any]:
    """Return the form of a value, or None where it has none and must cross by reference."""
    kind = type(value)
    form = _FORMS.get(kind)
    if form is not None:
        return form(value, encode)
    module = kind.__module__
    if type(module) is not str:  # a class of the sample's may call itself anything
        return None
    if module.partition(".")[0] == "numpy":
        return _numpy_form(value, kind, encode)
    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(kind, numpy.ndarray):
        return _numpy_form(numpy.array(value, subok=False), numpy.ndarray, encode)
    home, name = module.partition("._")[0], kind.__qualname__
    standard = _STANDARD.get((home, name))
    if standard is None or getattr(sys.modules.get(home), name, None) is not kind:
        return None
    if home == "datetime" and not _is_known_zone(getattr(value, "tzinfo", None)):
        return None
    return {"std": [f"{home}.{name}", standard(value, encode)]}


def _is_known_zone(zone: Any) -> bool:
    if zone is None:
        return True
    kind = type(zone)
    is_zone = (kind.__module__, kind.__qualname__) == ("zoneinfo", "ZoneInfo")
    return kind is sys.modules["datetime"].timezone or (is_zone and type(zone.key) is str)


_KINDS = "biufcSUmM"
"""Of arrays: what numbers, text and dates are called by numpy."""


def _numpy_form(value: Any, kind: type, encode: Encode) -> Optional[Any]:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if kind is numpy.ndarray and value.dtype.kind in _KINDS:
        content = [value.dtype.str, list(value.shape), _b64(value.tobytes()), False]
        return {"array": [*content, bool(value.flags.writeable)]}
    if kind is numpy.ndarray and value.dtype == object:
        return {"objects": [list(value.shape), [encode(item) for item in value.flat]]}
    is_scalar = issubclass(kind, numpy.generic) and kind is getattr(numpy, kind.__name__, None)
    if is_scalar and value.dtype.kind in _KINDS:
        return {"array": [value.dtype.str, [], _b64(value.tobytes()), True, True]}
    return None


def _build_array(content: Any) -> Any:
    import numpy

    dtype, shape, data, scalar, writeable = content
    kind = numpy.dtype(str(dtype))
    if kind.kind not in _KINDS:
        raise ValueError("an array of objects")
    array = numpy.frombuffer(base64.b64decode(data), dtype=kind)
    array = array.reshape([int(size) for size in shape]).copy()
    array.flags.writeable = bool(writeable)
    return array[()] if scalar else array


def _build_objects(content: Any, decode: Decode) -> Any:
    import numpy

    shape, items = content
    array = numpy.empty([int(size) for size in shape], dtype=object)
    array.reshape(-1)[:] = [None] * array.size
    for index, item in enumerate(items):
        array.flat[index] = decode(item)
    return array


def _build_standard(content: Any, decode: Decode) -> Any:
    name, inner = content
    if name == "Ellipsis":
        return Ellipsis
    if name == "NotImplemented":
        return NotImplemented
    return _BUILD_STANDARD[name](inner, decode)


def _module(name: str) -> Any:
    __import__(name)
    return sys.modules[name]


def _decode_pairs(pairs: Any, decode: Decode) -> list[tuple[Any, Any]]:
    return [(decode(key), decode(item)) for key, item in pairs]


def _default_dict(content: Any, decode: Decode) -> Any:
    factory, pairs = content
    return _module("collections").defaultdict(decode(factory), _decode_pairs(pairs, decode))


def _counter(pairs: Any, decode: Decode) -> Any:
    counter = _module("collections").Counter()
    counter.update(dict(_decode_pairs(pairs, decode)))
    return counter


def _with_zone(name: str) -> Callable[[Any, Decode], Any]:
    def build(content: Any, decode: Decode) -> Any:
        *fields, zone, fold = content
        return getattr(_module("datetime"), name)(*fields, decode(zone), fold=fold)

    return build


def _timezone(content: Any, decode: Decode) -> Any:
    datetime = _module("datetime")
    offset = decode(content[0])
    zone = datetime.timezone(offset)
    same = zone.tzname(None) == content[1]
    return datetime.timezone.utc if same and not offset else datetime.timezone(offset, content[1])


def _array(content: Any, decode: Decode) -> Any:
    array = _module("array").array(content[0])
    array.frombytes(base64.b64decode(content[1]))
    return array


_BUILD_STANDARD: dict[str, Callable[[Any, Decode], Any]] = {
    "collections.deque": lambda c, d: _module("collections").deque(map(d, c[0]), c[1]),
    "collections.OrderedDict": lambda c, d: _module("collections").OrderedDict(_decode_pairs(c, d)),
    "collections.Counter": _counter,
    "collections.defaultdict": _default_dict,
    "types.mappingproxy": lambda c, d: _module("types").MappingProxyType(dict(_decode_pairs(c, d))),
    "decimal.Decimal": lambda c, d: _module("decimal").Decimal(c),
    "fractions.Fraction": lambda c, d: _module("fractions").Fraction(c[0], c[1]),
    "datetime.date": lambda c, d: _module("datetime").date(*c),
    "datetime.time": _with_zone("time"),
    "datetime.datetime": _with_zone("datetime"),
    "zoneinfo.ZoneInfo": lambda c, d: _module("zoneinfo").ZoneInfo(c),
    "datetime.timedelta": lambda c, d: _module("datetime").timedelta(*c),
    "datetime.timezone": _timezone,
    "uuid.UUID": lambda c, d: _module("uuid").UUID(int=c),
    "pathlib.PosixPath": lambda c, d: _module("pathlib").PosixPath(c),
    "pathlib.PurePosixPath": lambda c, d: _module("pathlib").PurePosixPath(c),
    "array.array": _array,
}

_BUILD: dict[str, Callable[[Any, Decode], Any]] = {
    "tuple": lambda c, d: tuple(map(d, c)),
    "set": lambda c, d: set(map(d, c)),
    "frozenset": lambda c, d: frozenset(map(d, c)),
    "map": lambda c, d: {key: d(item) for key, item in c.items()},
    "dict": lambda c, d: dict(_decode_pairs(c, d)),
    "bytes": lambda c, d: base64.b64decode(c),
    "bytearray": lambda c, d: bytearray(base64.b64decode(c)),
    "complex": lambda c, d: complex(*c),
    "range": lambda c, d: range(*c),
    "slice": lambda c, d: slice(*map(d, c)),
    "keys": lambda c, d: dict.fromkeys(map(d, c)).keys(),
    "items": lambda c, d: dict(_decode_pairs(c, d)).items(),
    "std": _build_standard,
    "array": lambda c, d: _build_array(c),
    "objects": _build_objects,
}


def is_form(form: dict[str, Any]) -> bool:
    """True for an object whose tag is one of ours."""
    return len(form) == 1 and next(iter(form)) in _BUILD


def build(form: dict[str, Any], decode: Decode) -> Any:
    """Return the value of a form; raise ValueError where its content is not that of its tag."""
    ((tag, content),) = form.items()
    try:
        return _BUILD[tag](content, decode)
    except (TypeError, KeyError, IndexError, ArithmeticError, AttributeError, ImportError) as error:
        raise ValueError(f"{tag}: {error}") from None


def replace(old: Any, new: Any) -> None:
    """Give a mutable container the content of another of its type, in place."""
    kind = type(new)
    if issubclass(kind, list):
        _replace_items(old, new)
    elif issubclass(kind, dict):
        _replace_entries(old, new)
    elif issubclass(kind, set):
        set.clear(old)
        set.update(old, new)
    elif kind is bytearray:
        old[:] = new
    elif kind.__name__ == "deque":
        old.clear()
        old.extend(new)
    elif kind.__name__ == "array":
        old[:] = new
    elif kind.__name__ == "ndarray" and old.shape == new.shape and old.flags.writeable:
        old[...] = new


def _replace_items(old: Any, new: Any) -> None:
    if len(old) == len(new):
        for index, (before, after) in enumerate(zip(list.__iter__(old), new)):
            list.__setitem__(old, index, _merged(before, after))
    else:
        kept = list(old)
        list.__setitem__(
            old,
            slice(None),
            [*map(_merged, kept, new), *list.__getitem__(new, slice(len(kept), None))],
        )


def _replace_entries(old: Any, new: Any) -> None:
    base = dict
    for kind in type(old).__mro__:
        if kind.__module__ == "collections" and kind.__name__ == "OrderedDict":
            base = kind  # it keeps an order of its own beside the dictionary's
    kept = dict(dict.items(old))
    base.clear(old)
    for key, item in dict.items(new):
        base.__setitem__(old, key, _merged(kept[key], item) if key in kept else item)


def _merged(before: Any, after: Any) -> Any:
    """Return what stands for `after` where `before` stood: the same container where it can be."""
    if type(before) is type(after) and type(after) in (list, dict, set):
        replace(before, after)
        return before
    return after


def is_mutable(value: Any) -> bool:
    """True for a container that crosses as a copy and may be changed afterwards."""
    kind = type(value)
    if kind in (list, dict, set, bytearray):
        return True
    module, name = kind.__module__, kind.__name__
    if (module, name) not in _MUTABLE or getattr(sys.modules.get(module), name, None) is not kind:
        return False
    return name != "ndarray" or value.dtype.kind in _KINDS + "O"


_MUTABLE = {
    ("collections", "deque"),
    ("collections", "OrderedDict"),
    ("collections", "Counter"),
    ("collections", "defaultdict"),
    ("array", "array"),
    ("numpy", "ndarray"),
}
