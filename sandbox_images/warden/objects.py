"""Forms of values that are no builtins: by their content, as equality sees it.

A copy in another process has neither the identity nor, where it matters, the class of the
original, so what is written down is what two equal values have in common: the elements of a deque,
the instant of an aware datetime, the fields of a dataclass, what an iterator yields, and of other
objects what `pickle` would write. Nothing here is a `repr`.

`form` runs in the sample's interpreter. Where a class lies about itself it lies about its own
answer only: what is right is not known here.
"""

from __future__ import annotations

import collections
import contextlib
import copyreg
import io
import itertools
import sys
import types
from typing import Any, Callable, Optional

try:
    # Not by way of hashlib: it brings OpenSSL, which makes every fork of the warden dearer.
    from _sha2 import sha256 as _sha256  # pyright: ignore[reportMissingImports]
except ImportError:  # Python 3.11 and older
    from _sha256 import sha256 as _sha256  # pyright: ignore[reportMissingImports]

MOST_YIELDED = 10_000
"""Values that are taken out of an iterator: it may never end."""
_Encode = Callable[[Any, int], Any]
_Form = Callable[[Any, int, _Encode], Any]


def form(value: Any, depth: int, encode: _Encode) -> Any:
    """Return the form of a value by its type, by its fields, or None where it has neither.

    Args:
        value: of a type that `values.encode` does not know.
        depth: levels of JSON around it.
        encode: `values.encode`, for what is in it.
    """
    for base in type.mro(type(value)):
        make = _FORMS.get((getattr(base, "__module__", ""), getattr(base, "__name__", "")))
        if make is not None and base is _loaded(base):
            return make(value, depth, encode)
    if hasattr(type(value), "__next__") and not isinstance(value, io.IOBase):
        return yielded(value, depth, encode)
    if hasattr(type(value), "__dataclass_fields__"):
        return _dataclass(value, depth, encode)
    return _fields(value, depth, encode)


def _loaded(kind: type) -> Any:
    """Return what really has the name that a type goes by; a sample's class may go by any."""
    if kind.__module__ == "builtins":
        return _UNNAMED.get(kind.__name__)
    return getattr(sys.modules.get(kind.__module__), kind.__name__, None)


def yielded(value: Any, depth: int, encode: _Encode) -> Any:
    """Return the form of an iterator: what it yields, and whether there was more."""
    items = list(itertools.islice(value, MOST_YIELDED + 1))
    more = len(items) > MOST_YIELDED
    return {"$iterator": [[encode(item, depth + 2) for item in items[:MOST_YIELDED]], more]}


def _items(tag: str, items: Callable[[Any], Any]) -> _Form:
    return lambda v, d, encode: {tag: [encode(item, d + 1) for item in items(v)]}


def _pairs(tag: str, kind: Any) -> _Form:
    return lambda v, d, encode: {
        tag: [[encode(key, d + 2), encode(item, d + 2)] for key, item in kind.items(v)]
    }


def _as(convert: Callable[[Any], Any]) -> _Form:
    """Return the form of what equals the value and has one."""
    return lambda v, d, encode: encode(convert(v), d)


def _text(tag: str, write: Callable[[Any], Any]) -> _Form:
    return lambda v, d, encode: {tag: write(v)}


def _moment(value: Any, depth: int, encode: _Encode) -> Any:
    if value != value:  # pandas' NaT
        return {"$float": "nan"}
    return {"$datetime": sys.modules["datetime"].datetime.isoformat(value)}


def _span(value: Any, depth: int, encode: _Encode) -> Any:
    if value != value:
        return {"$float": "nan"}
    return {"$timedelta": [value.days, value.seconds, value.microseconds]}


def _number(value: Any, depth: int, encode: _Encode) -> Any:
    """Return the form of a number of a library's own: exact, whatever its type."""
    plain = float(value)
    if plain == value or plain != plain:
        return encode(plain, depth)
    above, below = value.as_integer_ratio()
    return {"$real": [encode(int(above), depth), encode(int(below), depth)]}


def _mpf(value: Any, depth: int, encode: _Encode) -> Any:
    plain = float(value)
    if plain == value or plain != plain:
        return encode(plain, depth)
    sign, mantissa, exponent = (int(part) for part in value._mpf_[:3])
    whole = (-mantissa if sign else mantissa) << max(0, exponent)
    return {"$real": [encode(whole, depth), encode(1 << max(0, -exponent), depth)]}


def _sympy(value: Any, depth: int, encode: _Encode) -> Any:
    sympy = sys.modules["sympy"]
    if value in (sympy.true, sympy.false):
        return bool(value)
    if isinstance(value, sympy.Integer):
        return encode(int(value), depth)
    if isinstance(value, sympy.Rational):
        return {"$fraction": [encode(int(part), depth) for part in (value.p, value.q)]}
    if isinstance(value, sympy.Float):
        return _mpf(value, depth, encode)
    return {"$sympy": sympy.srepr(value)}


def _sparse(value: Any, depth: int, encode: _Encode) -> Any:
    entries = value.tocoo(copy=True)
    entries.sum_duplicates()
    rows = zip(*(part.tolist() for part in (entries.row, entries.col, entries.data)))
    kept = sorted([row, column, item] for row, column, item in rows if item)
    return {"$sparse": [list(value.shape), encode(kept, depth + 2)]}


def _frame(value: Any, depth: int, encode: _Encode) -> Any:
    columns = [value.iloc[:, number].tolist() for number in range(value.shape[1])]
    parts = [value.columns.tolist(), value.index.tolist(), columns]
    return {"$pandas": ["DataFrame", *(encode(part, depth + 2) for part in parts)]}


def _series(value: Any, depth: int, encode: _Encode) -> Any:
    parts = [value.name, value.index.tolist(), value.tolist()]
    return {"$pandas": ["Series", *(encode(part, depth + 2) for part in parts)]}


def _index(value: Any, depth: int, encode: _Encode) -> Any:
    parts = [list(value.names), value.tolist()]
    return {"$pandas": ["Index", *(encode(part, depth + 2) for part in parts)]}


def _member(value: Any, depth: int, encode: _Encode) -> Any:
    return {"$enum": [_name(type(value)), encode(value.name or value.value, depth + 2)]}


def _function(value: Any, depth: int, encode: _Encode) -> Any:
    """Return the form of a function: its code, and what it holds."""
    held: list[Any] = []
    for cell in value.__closure__ or ():
        with contextlib.suppress(ValueError):  # still empty
            held.append(cell.cell_contents)
    # Of a function that refers to itself the closure has no end.
    held = [None if item is value else item for item in held]
    parts = [held, list(value.__defaults__ or ()), value.__kwdefaults__ or {}]
    digest = _sha256()
    for each in _called(value):
        digest.update(_code(each.__code__))
    return {"$function": [digest.hexdigest(), *(encode(part, depth + 2) for part in parts)]}


def _called(function: types.FunctionType) -> list[types.FunctionType]:
    """Return a function and those of its own module that it, and they, may call."""
    found = [function]
    for each in found:
        for name in each.__code__.co_names:
            named = each.__globals__.get(name)
            if not isinstance(named, types.FunctionType) or named in found:
                continue
            if named.__module__ == function.__module__:
                found.append(named)
    return found


def _code(code: types.CodeType) -> bytes:
    """Return what a code does: instructions and what they refer to, whatever its own names."""
    constants = [
        _code(part) if isinstance(part, types.CodeType) else (type(part).__name__, repr(part))
        for part in code.co_consts
    ]
    shape = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    places = tuple(map(len, (code.co_varnames, code.co_freevars, code.co_cellvars)))
    parts = (code.co_code, constants, code.co_names, shape, places)
    return repr(parts).encode("utf-8", "surrogatepass")


def _method(value: Any, depth: int, encode: _Encode) -> Any:
    owner = value.__self__
    if owner is None or isinstance(owner, types.ModuleType):
        return {"$type": _name(value)}
    return {"$instance": [value.__name__, encode(owner, depth + 2)]}


def _dataclass(value: Any, depth: int, encode: _Encode) -> Any:
    fields = sys.modules["dataclasses"].fields(value)
    held = [[field.name, getattr(value, field.name)] for field in fields if field.compare]
    inner = {"$dict": [[name, encode(item, depth + 4)] for name, item in held]}
    return {"$instance": [_name(type(value)), inner]}


def _fields(value: Any, depth: int, encode: _Encode) -> Any:
    """Return the form of an object by what a copy is made of; None where it cannot be copied."""
    try:
        reduce = copyreg.dispatch_table.get(type(value))
        reduced: Any = reduce(value) if reduce is not None else value.__reduce_ex__(4)
    except Exception:
        return None
    if isinstance(reduced, str):
        return {"$type": f"{type(value).__module__}.{reduced}"}
    if not isinstance(reduced, tuple) or not 2 <= len(reduced) <= 6:
        return None
    make, given, state, items, pairs = (*reduced, None, None, None)[:5]
    parts = [list(given), state, list(items or ()), list(map(list, pairs or ()))]
    return {"$instance": [_name(make), *(encode(part, depth + 2) for part in parts)]}


def _name(thing: Any) -> str:
    qualified = getattr(thing, "__qualname__", None) or type(thing).__qualname__
    return f"{getattr(thing, '__module__', None) or 'builtins'}.{qualified}"[:500]


_MAPPING = _as(dict)
_FORMS: dict[tuple[str, str], _Form] = {
    ("collections", "deque"): _items("$deque", collections.deque.__iter__),
    ("collections", "UserDict"): _MAPPING,
    ("collections", "ChainMap"): _MAPPING,
    ("collections", "UserList"): _as(list),
    ("collections", "UserString"): _as(str),
    ("builtins", "mappingproxy"): _MAPPING,
    ("builtins", "memoryview"): _as(memoryview.tobytes),
    ("builtins", "dict_items"): _items("$set", iter),
    ("builtins", "dict_values"): yielded,
    ("builtins", "function"): _function,
    ("builtins", "method"): _method,
    ("builtins", "builtin_function_or_method"): _method,
    ("builtins", "type"): _text("$type", _name),
    ("array", "array"): lambda v, d, encode: {"$array": [v.typecode, encode(v.tolist(), d + 2)]},
    ("datetime", "datetime"): _moment,
    ("datetime", "date"): _text("$date", lambda v: sys.modules["datetime"].date.isoformat(v)),
    ("datetime", "time"): _text("$time", lambda v: sys.modules["datetime"].time.isoformat(v)),
    ("datetime", "timedelta"): _span,
    ("enum", "Enum"): _member,
    ("functools", "partial"): lambda v, d, encode: {
        "$instance": [
            "functools.partial",
            *(encode(part, d + 2) for part in (v.func, list(v.args), v.keywords)),
        ]
    },
    ("mpmath.ctx_mp_python", "_mpf"): _mpf,
    ("mpmath.ctx_mp_python", "_mpc"): _as(complex),
    ("numpy", "longdouble"): _number,
    ("numpy", "clongdouble"): _as(complex),
    ("sympy.core.basic", "Basic"): _sympy,
    ("sympy.matrices.matrixbase", "MatrixBase"): _sympy,
    ("sympy.matrices.matrices", "MatrixBase"): _sympy,
    ("scipy.sparse._base", "_spbase"): _sparse,
    ("pandas.core.frame", "DataFrame"): _frame,
    ("pandas.core.series", "Series"): _series,
    ("pandas.core.indexes.base", "Index"): _index,
}
"""By module and name of the type: whoever made such a value has loaded its module."""
_UNNAMED: dict[str, type] = {
    "mappingproxy": types.MappingProxyType,
    "function": types.FunctionType,
    "method": types.MethodType,
    "builtin_function_or_method": types.BuiltinFunctionType,
    "dict_items": type({}.items()),
    "dict_values": type({}.values()),
    "memoryview": memoryview,
    "type": type,
}


def ordered(kind: type) -> Optional[str]:
    """Return the tag of a dictionary whose equality is not that of every dictionary."""
    if issubclass(kind, collections.OrderedDict):
        return "$odict"
    return "$counter" if issubclass(kind, collections.Counter) else None


__all__ = ["MOST_YIELDED", "form", "ordered", "yielded"]
