"""Functions of the tests as the solution sees them: real functions with the same parameters."""

from __future__ import annotations

import sys
import types
from typing import Any

from .values import PLAIN

_VARARGS, _VARKEYWORDS, _COROUTINE = 0x04, 0x08, 0x80


def spec_of(function: Any) -> dict[str, Any]:
    """Say what a function of the tests looks like from outside."""
    spec: dict[str, Any] = {
        "name": str(getattr(function, "__name__", "function")),
        "doc": getattr(function, "__doc__", None),
    }
    code = getattr(function, "__code__", None)
    if isinstance(function, types.FunctionType) and isinstance(code, types.CodeType):
        spec.update(
            names=list(code.co_varnames),
            positional=code.co_argcount,
            positional_only=code.co_posonlyargcount,
            keyword_only=code.co_kwonlyargcount,
            flags=code.co_flags & (_VARARGS | _VARKEYWORDS | _COROUTINE),
            defaults=[_default(each) for each in function.__defaults__ or ()],
            keyword_defaults={
                name: _default(each) for name, each in (function.__kwdefaults__ or {}).items()
            },
        )
    if type(spec["doc"]) is not str:
        spec["doc"] = None
    return spec


def _default(value: Any) -> list[Any]:
    """Return a default in a list, or an empty one where it is left to the tests' own function."""
    return [value] if type(value) in PLAIN else []


class _Given:
    """A default of the tests' own function, which is left to it."""

    def __repr__(self) -> str:
        return "..."


GIVEN = _Given()


def function(peer: Any, number: int, spec: dict[str, Any]) -> Any:
    """Return a function that asks the tests' side."""

    def ask(args: list[Any], kwargs: dict[str, Any]) -> Any:
        args = [arg for arg in args if arg is not GIVEN]
        kwargs = {key: arg for key, arg in kwargs.items() if arg is not GIVEN}
        return peer.call_foreign(number, args, kwargs)

    name = spec["name"] if spec["name"].isidentifier() else "function"
    stub = _with_parameters(name, spec, ask) if "names" in spec else _with_any(name, ask)
    stub.__doc__ = spec["doc"]
    stub.__annotations__ = {key: peer.decode(form) for key, form in spec["annotations"].items()}
    stub.__name__ = stub.__qualname__ = spec["name"]
    stub.__module__ = "__main__"
    return stub


def _with_any(name: str, ask: Any) -> Any:
    any_parameters = {"positional": 0, "keyword_only": 0, "defaults": [], "keyword_defaults": {}}
    names = {"names": ["args", "kwargs"], "positional_only": 0, "flags": _VARARGS | _VARKEYWORDS}
    return _with_parameters(name, {**any_parameters, **names}, ask)


def _with_parameters(name: str, spec: dict[str, Any], ask: Any) -> Any:
    """Return a function with the parameters of `spec`; its defaults are plain values or `GIVEN`."""
    names: list[str] = spec["names"]
    positional = names[: spec["positional"]]
    keyword_defaults: dict[str, list[Any]] = spec["keyword_defaults"]
    keyword_only = names[len(positional) : len(positional) + spec["keyword_only"]]
    rest = names[len(positional) + len(keyword_only) :]
    if any(not each.isidentifier() for each in (*positional, *keyword_only)):
        return _with_any(name, ask)
    first_default = len(positional) - len(spec["defaults"])
    words = [
        f"{each}=_given" if index >= first_default else each
        for index, each in enumerate(positional)
    ]
    if spec["positional_only"]:
        words.insert(spec["positional_only"], "/")
    passed = list(positional)
    if spec["flags"] & _VARARGS:
        extra = rest.pop(0)
        words.append(f"*{extra}")
        passed.append(f"*{extra}")
    elif keyword_only:
        words.append("*")
    words += [f"{each}=_given" if each in keyword_defaults else each for each in keyword_only]
    named = [f"{each!r}: {each}" for each in keyword_only]
    if spec["flags"] & _VARKEYWORDS:
        extra = rest.pop(0)
        words.append(f"**{extra}")
        named.append(f"**{extra}")
    space: dict[str, Any] = {"_ask": ask, "_given": GIVEN, "_get": sys.gettrace}
    space["_set"] = sys.settrace
    keyword = "async def" if spec["flags"] & _COROUTINE else "def"
    wait = "await " if spec["flags"] & _COROUTINE else ""
    source = f"{keyword} _stub({', '.join(words)}):\n"
    # A solution that traces calls sees this one, as it would see the tests' own, and none of ours.
    source += "    _trace = _get()\n    _set(None)\n    try:\n"
    source += f"        return {wait}_ask([{', '.join(passed)}], {{{', '.join(named)}}})\n"
    source += "    finally:\n        _set(_trace)\n"
    exec(source, space)
    stub = space["_stub"]
    stub.__defaults__ = tuple(map(_given, spec["defaults"])) or None
    stub.__kwdefaults__ = {key: _given(each) for key, each in keyword_defaults.items()} or None
    return stub


def _given(default: list[Any]) -> Any:
    return default[0] if default else GIVEN
