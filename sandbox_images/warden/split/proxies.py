"""What stands for an object of the other process: proxies, and mirrors of their classes.

A mirror has the name, the bases and the special methods of the class that it mirrors, so that
`callable`, `isinstance`, `except` and operators find what they would find there. Each operation is
asked of the other side, with two exceptions in the driver, where an answer would be the solution's
own opinion of itself (see `Judge`).
"""

from __future__ import annotations

import operator
from typing import Any, Callable

_ARITHMETIC = [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "divmod",
    "pow",
    "matmul",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
]
UNARY = ("neg", "pos", "invert", "abs", "round", "trunc", "floor", "ceil", "index")
CONVERSIONS = ("int", "float", "complex", "bool", "bytes", "str", "repr", "format", "hash", "len")
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
_OTHERS = (
    *("call", "getitem", "setitem", "delitem", "contains", "iter", "next", "reversed"),
    *("enter", "exit", "length_hint", "missing", "fspath", "instancecheck"),
)
ASYNC = ("await", "aenter", "aexit", "aiter", "anext")
SPECIAL = tuple(
    f"__{name}__"
    for name in (
        *_ARITHMETIC,
        *(f"r{name}" for name in _ARITHMETIC),
        *(f"i{name}" for name in _ARITHMETIC if name != "divmod"),
        *(*UNARY, *CONVERSIONS, *COMPARISONS, *_OTHERS, *ASYNC),
    )
)
"""Special methods that a mirror may have."""
_NUMERIC = frozenset(f"__{prefix}{name}__" for name in _ARITHMETIC for prefix in ("", "r", "i")) | {
    f"__{name}__" for name in UNARY
}
_LOCAL = frozenset(("__copy__", "__deepcopy__", "__reduce_ex__", "__reduce__", "_veristone_peer"))
_OF_ITS_OWN = frozenset(
    ("__call__", "__enter__", "__exit__", "__missing__", "__repr__", "__str__", "__format__")
)
OF_BUILTINS = frozenset(
    f"__{name}__"
    for name in (
        *("getitem", "setitem", "delitem", "contains", "iter", "len", "reversed", "hash"),
        *COMPARISONS,
    )
)
"""How the content of a built-in class is looked into, changed and compared, which a class derived
from one may do its own way."""
_ARRAY_PROTOCOL = frozenset(
    ("__array_ufunc__", "__array_function__", "__array_priority__", "__array_interface__")
)
_FORWARDED_ALWAYS = ("__str__", "__repr__", "__format__")


def specials_of(kind: type) -> list[str]:
    """Return the special methods that a class has beyond those of every object."""
    base = native_base(kind) or object
    own: set[str] = set()
    for each in type.__getattribute__(kind, "__mro__"):
        if each is not object:
            own.update(type.__getattribute__(each, "__dict__"))
    found = [
        name
        for name in SPECIAL
        if name in own
        and getattr(kind, name, None) is not None
        and getattr(kind, name) is not getattr(base, name, None)
    ]
    if getattr(kind, "__hash__", None) is None:
        found.append("unhashable")
    return found


class Meta(type):
    """The class of mirrors: what is asked of the class itself goes to the other side too."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        mirrored = type.__getattribute__(cls, "__dict__").get("_veristone_number")
        if mirrored is None:
            return type.__call__(cls, *args, **kwargs)
        return cls._veristone_peer.ask("__call__", cls, *args, **kwargs)

    def __getattribute__(cls, name: str) -> Any:
        space = type.__getattribute__(cls, "__dict__")
        if name == "__dict__" and "_veristone_number" in space:
            return space["_veristone_peer"].space_of(cls)
        if "_veristone_number" not in space or name.startswith("_veristone") or _is_own(name):
            return type.__getattribute__(cls, name)
        return space["_veristone_peer"].ask("get", cls, name)

    def __setattr__(cls, name: str, value: Any) -> None:
        if name.startswith("_veristone") or _is_own(name):
            type.__setattr__(cls, name, value)
        else:
            cls._veristone_peer.ask("set", cls, name, value)

    def __delattr__(cls, name: str) -> None:
        cls._veristone_peer.ask("del", cls, name)

    def __dir__(cls) -> Any:
        if "_veristone_number" not in type.__getattribute__(cls, "__dict__"):
            return type.__dir__(cls)
        return cls._veristone_peer.ask("dir", cls)

    def __iter__(cls) -> Any:
        return iter(cls._veristone_peer.ask("list", cls))

    def __getitem__(cls, key: Any) -> Any:
        return cls._veristone_peer.ask("__getitem__", cls, key)

    def __contains__(cls, item: Any) -> bool:
        return bool(cls._veristone_peer.ask("__contains__", cls, item))

    def __len__(cls) -> int:
        return int(cls._veristone_peer.ask("__len__", cls))

    def __instancecheck__(cls, instance: Any) -> bool:
        if type.__instancecheck__(cls, instance):
            return True
        space = type.__getattribute__(cls, "__dict__")
        if not isinstance(type(instance), Meta) or "_veristone_number" not in space:
            return False
        return cls._veristone_peer.says_instance(cls, instance)


def _is_own(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name not in ("__members__",)


class Proxy(metaclass=Meta):
    """Stands for an object of the other process."""

    _veristone_peer: Any = None
    _veristone_named = False

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            # `isinstance` looks here too: an object of a library's class is one.
            kind = type(self)
            return type.__getattribute__(kind, "__dict__").get("_veristone_class", kind)
        if name in _LOCAL:
            if name == "__copy__" and hasattr(type(self), "__next__"):
                raise AttributeError(name)  # as iterators have none
            return object.__getattribute__(self, name)
        if name.startswith("__dataclass_") and hasattr(type(self), name):
            return object.__getattribute__(self, name)
        if name in _ARRAY_PROTOCOL:
            raise AttributeError(name)  # numpy would let it answer in the array's place
        return type(self)._veristone_peer.attribute(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        type(self)._veristone_peer.ask("set", self, name, value)

    def __delattr__(self, name: str) -> None:
        type(self)._veristone_peer.ask("del", self, name)

    def __dir__(self) -> Any:
        return type(self)._veristone_peer.ask("dir", self)

    def __copy__(self) -> Any:
        return type(self)._veristone_peer.ask("copy", self)

    def __deepcopy__(self, memo: Any) -> Any:
        return type(self)._veristone_peer.ask("deepcopy", self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return unpickle, (type(self)._veristone_peer.ask("dumps", self),)

    def __reduce__(self) -> Any:
        return self.__reduce_ex__(2)


_OF_PROXIES = [name for name, value in vars(Proxy).items() if callable(value)]


def unpickle(data: bytes) -> Any:
    """Load a pickle where it was made: on the other side."""
    return Proxy._veristone_peer.ask("loads", data)


def special(name: str) -> Callable[..., Any]:
    """Return the method of a mirror that asks the other side for a special method."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return type(self)._veristone_peer.ask_special(name, self, *args, **kwargs)

    method.__name__ = name
    return method


_METHODS = {name: special(name) for name in SPECIAL}


def _await(self: Any) -> Any:
    return type(self)._veristone_peer.ask("await", self)
    yield


def _aiter(self: Any) -> Any:
    return self


def _asynchronous(name: str) -> Callable[..., Any]:
    async def method(self: Any, *args: Any) -> Any:
        return type(self)._veristone_peer.ask(name, self, *args)

    return method


_METHODS.update(__await__=_await, __aiter__=_aiter)
_METHODS.update(
    {f"__{name}__": _asynchronous(f"__{name}__") for name in ("aenter", "aexit", "anext")}
)


async def awaiting(peer: Any, proxy: Any) -> Any:
    """The coroutine that stands for one of the other side."""
    return peer.ask("await", proxy)


NATIVE = (int, float, complex, str, bytes, tuple, frozenset, list, dict, set, bytearray)
"""Built-in classes of which a mirror's instances hold the content too, and compare by it."""


def native_base(kind: type) -> Any:
    """Return which of `NATIVE` a class derives from, None where it derives from none."""
    return next((base for base in NATIVE if issubclass(kind, base)), None)


def make_mirror(
    peer: Any, number: int, name: str, bases: tuple[type, ...], specials: list[str]
) -> Any:
    """Return the class that stands for a class of the other side.

    Where a base is an exception the mirror is a real one: it can be raised and caught.
    """
    space: dict[str, Any] = {"_veristone_number": number, "_veristone_peer": peer}
    if any(issubclass(base, BaseException) for base in bases):
        kept = tuple(base for base in bases if base is not Proxy and base is not object)
        space.update(__getattr__=_of_exception, __str__=_text_of_exception)
        return ExceptionMeta(name, kept, space)
    # Of the library's classes only those that hold data: others act when one derives from them.
    real = tuple(base for base in bases if isinstance(base, Meta) or native_base(base))
    native = next((base for base in map(native_base, real) if base is not None), None)
    for method in specials:
        if method in _METHODS and not (native and not _may_forward(method)):
            space[method] = _METHODS[method]
    if native is None:
        space.update({method: _METHODS[method] for method in _FORWARDED_ALWAYS})
    if "unhashable" in specials:
        space["__hash__"] = None
    elif "__hash__" not in space:
        space["__hash__"] = (native or object).__hash__
    if not any(isinstance(base, Meta) for base in real):
        real = (Proxy, *real)
    elif native is not None:
        # The built-in class may come first, as in `class Size(int, Enum)`, and has these as well.
        space.update({method: Proxy.__dict__[method] for method in _OF_PROXIES})
    try:
        return Meta(name, real, space)
    except TypeError:  # bases whose layouts or orders do not go together
        return Meta(name, (Proxy,), space)


def _may_forward(method: str) -> bool:
    """True for what a class derived from a built-in one may answer itself."""
    return method in _OF_ITS_OWN or method in _NUMERIC or method in OF_BUILTINS


def _of_exception(self: Any, name: str) -> Any:
    """Ask for what a mirrored exception has beside its copied attributes."""
    peer = type(self)._veristone_peer
    if name.startswith("__") or not peer.is_foreign(self):
        raise AttributeError(name)
    return peer.ask("get", self, name)


def _text_of_exception(self: Any) -> str:
    text = self.__dict__.get("_veristone_text")
    return text if text is not None else BaseException.__str__(self)


class ExceptionMeta(type):
    """The class of mirrored exception classes."""

    def __getattr__(cls, name: str) -> Any:
        number = type.__getattribute__(cls, "__dict__").get("_veristone_number")
        if number is None or name.startswith("_"):
            raise AttributeError(name)
        return cls._veristone_peer.ask("get", cls, name)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if "_veristone_number" not in cls.__dict__:
            return type.__call__(cls, *args, **kwargs)
        return cls._veristone_peer.ask("__call__", cls, *args, **kwargs)


def new_instance(mirror: Any, content: Any) -> Any:
    """Return an instance of a mirror, without asking anybody."""
    native = native_base(mirror)
    if native is None:
        return object.__new__(mirror)
    if native in (list, dict, set, bytearray):
        instance = native.__new__(mirror)
        native.__init__(instance, content)
        return instance
    return native.__new__(mirror, content)


OPERATIONS: dict[str, Callable[..., Any]] = {
    f"__{name}__": getattr(operator, name + "_" if name in ("and", "or") else name)
    for name in (*_ARITHMETIC, *COMPARISONS, "neg", "pos", "invert", "abs", "index")
    if hasattr(operator, name + "_" if name in ("and", "or") else name)
}
"""How the owner of an object carries out a special method; what is missing is called by name."""
OPERATIONS.update(
    __divmod__=divmod,
    __pow__=pow,
    __call__=lambda target, *args, **kwargs: target(*args, **kwargs),
    __getitem__=operator.getitem,
    __setitem__=operator.setitem,
    __delitem__=operator.delitem,
    __contains__=operator.contains,
    __iter__=iter,
    __next__=next,
    __reversed__=reversed,
    __len__=len,
    __bool__=bool,
    __int__=int,
    __float__=float,
    __complex__=complex,
    __bytes__=bytes,
    __str__=str,
    __repr__=repr,
    __format__=format,
    __hash__=hash,
    __round__=round,
)


def carry_out(name: str, target: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Do what a special method of `target` does."""
    operation = OPERATIONS.get(name)
    if operation is not None:
        return operation(target, *args, **kwargs)
    if name not in SPECIAL:
        raise AttributeError(name)
    return _bound(target, name)(*args, **kwargs)


def _bound(target: Any, name: str) -> Any:
    """Return a special method as Python looks it up: of the class, which a mock does not bind."""
    for kind in type.__getattribute__(type(target), "__mro__"):
        space = type.__getattribute__(kind, "__dict__")
        if name in space:
            bind = getattr(type(space[name]), "__get__", None)
            return space[name] if bind is None else bind(space[name], target, type(target))
    raise AttributeError(name)
