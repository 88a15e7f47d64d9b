"""Classes, instances and exceptions as they cross: the part that is the same on both sides."""

from __future__ import annotations

import sys
import types
from typing import Any

from . import proxies
from .wire import Broken

_DOC = 2000
_COROUTINE: Any = types.CoroutineType


def describe_class(peer: Any, kind: type) -> dict[str, Any]:
    """Return the form of a class: its number. All about it goes ahead with the next message."""
    if peer.is_foreign(kind):
        return peer.encode(kind)
    first = not peer.is_known(kind)
    number = peer.number_of(kind)
    if first:
        bases = [describe_class(peer, base) for base in type.__getattribute__(kind, "__bases__")]
        module = _text(type.__getattribute__(kind, "__module__"))
        name = _text(type.__getattribute__(kind, "__qualname__"))
        doc = type.__getattribute__(kind, "__dict__").get("__doc__")
        doc = doc[:_DOC] if type(doc) is str else None
        specials = proxies.specials_of(kind)
        fields, methods = _compared_fields(kind), peer.methods_of(kind)
        peer.introduce(number, [module, name, bases, specials, fields, methods, doc])
    return {"class": number}


def _text(value: object) -> str:
    return value if type(value) is str else "?"


def _compared_fields(kind: type) -> Any:
    """Return the fields by which a dataclass compares, None where it has an `__eq__` of its own."""
    fields = getattr(kind, "__dataclass_fields__", None)
    code = getattr(getattr(kind, "__eq__", None), "__code__", None)
    made = code is not None and code.co_filename.startswith("<") and type(fields) is dict
    if not made or not getattr(getattr(kind, "__dataclass_params__", None), "eq", False):
        return None
    return [name for name, field in fields.items() if getattr(field, "compare", True)]


def instance_form(peer: Any, value: Any) -> dict[str, Any]:
    """Return the form of an object that stays where it is."""
    kind = type(value)
    form: dict[str, Any] = {"ref": peer.number_of(value), "class": describe_class(peer, kind)}
    if kind is _COROUTINE:
        form["coroutine"] = True
    native = proxies.native_base(kind)
    if native is not None:
        form["native"] = _native_form(peer, native, value)
    return form


_PLAIN_OF: dict[Any, Any] = {
    list: lambda v: list(list.__iter__(v)),
    dict: lambda v: dict(dict.items(v)),
    set: lambda v: set(set.__iter__(v)),
    frozenset: lambda v: frozenset(frozenset.__iter__(v)),
    tuple: lambda v: tuple(tuple.__iter__(v)),
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    complex: complex.__pos__,
    bytes: lambda v: bytes.__getitem__(v, slice(None)),
    bytearray: lambda v: bytearray(bytearray.__getitem__(v, slice(None))),
}


def plain_of(native: Any, value: Any) -> Any:
    """Return the content of an object of a derived class, whatever that class says."""
    return _PLAIN_OF[native](value)


def _native_form(peer: Any, native: Any, value: Any) -> Any:
    content = peer.encode(plain_of(native, value))
    if native in (list, dict, set, bytearray):
        peer.hold(peer.number_of(value), value, content)
    return content


def describe_error(peer: Any, error: BaseException, depth: int = 0) -> dict[str, Any]:
    """Return the form of an exception."""
    if peer.is_foreign(error):
        return peer.encode(error)
    form: dict[str, Any] = {
        "n": peer.number_of(error),
        "class": describe_class(peer, type(error)),
        "args": [_encoded(peer, arg) for arg in BaseException.args.__get__(error)],
        "state": {},
    }
    state = getattr(error, "__dict__", None)
    if type(state) is dict:
        form["state"] = {
            key: _encoded(peer, value)
            for key, value in state.items()
            if type(key) is str and (not key.startswith("_") or key == "__notes__")
        }
    for name in _slots_of(type(error)):
        value = getattr(error, name, None)
        if type(value) in (str, bytes, int):
            form["state"][name] = peer.encode(value)
    try:
        form["text"] = str(error)[:10_000].encode("utf-8", "backslashreplace").decode()
    except BaseException:
        form["text"] = ""
    for key, chained in (("cause", error.__cause__), ("context", error.__context__)):
        if chained is not None and depth < 3:
            form[key] = describe_error(peer, chained, depth + 1)
    return form


_SLOTS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (OSError, ("filename", "filename2")),
    (ImportError, ("name", "path")),
    ((NameError, AttributeError), ("name",)),
)
"""What these have beside their arguments, and their text shows."""


def _slots_of(kind: type) -> tuple[str, ...]:
    return next((names for known, names in _SLOTS if issubclass(kind, known)), ())


def _encoded(peer: Any, value: Any) -> Any:
    try:
        return peer.encode(value)
    except Exception:  # what cannot cross is shown
        return object.__repr__(value)


def error_of(peer: Any, form: dict[str, Any]) -> BaseException:
    """Return the exception of a form."""
    if "own" in form:
        error = peer.own.get(form["own"])
        if not isinstance(error, BaseException):
            raise Broken("what was raised is no exception")
        return error
    known = peer.foreign.get(form["n"])
    if isinstance(known, BaseException):
        return known
    kind = peer.class_of(form["class"])
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        raise Broken("what was raised is no exception")
    args = tuple(peer.decode(arg) for arg in form["args"])
    error = _new_error(kind, args)
    state = {str(key): peer.decode(value) for key, value in form["state"].items()}
    slots = _slots_of(kind)
    for key, value in state.items():
        try:
            if key in slots:
                setattr(error, key, value)
            else:
                error.__dict__[key] = value
        except AttributeError:
            continue
    if "_veristone_number" in type.__getattribute__(kind, "__dict__") and type(form["text"]) is str:
        error.__dict__["_veristone_text"] = form["text"]
    if "cause" in form:
        error.__cause__ = error_of(peer, form["cause"])
    if "context" in form:
        error.__context__ = error_of(peer, form["context"])
    return peer.know(form["n"], error)


def _new_error(kind: Any, args: tuple[Any, ...]) -> BaseException:
    try:
        if kind.__module__ == "builtins" and not issubclass(kind, BaseExceptionGroup_):
            return kind(*args)
        error = kind.__new__(kind, *args)
        error.args = args
    except Exception:
        error = BaseException.__new__(kind)
        BaseException.args.__set__(error, args)
    return error


BaseExceptionGroup_: Any = getattr(
    sys.modules["builtins"], "BaseExceptionGroup", type("NoGroups", (), {})
)
