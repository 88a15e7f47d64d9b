"""The side of the tests: asks the solution, and judges what its answers are worth.

Where the answer is a value, the tests compare it themselves. Where it is an object of a class of
the solution's own that says itself what it equals, one answer proves little:

- What the tests made of a class that they speak of (under a name with a capital) is what they test:
  it is believed.
- Any other is asked among decoys, in an order that it cannot know, and must tell them apart.
- A dataclass is compared field by field; what derives from a built-in class, by its content.

`claims` counts the answers that were believed, the text that a number of its own is shown as, and
comparisons that hold since the solution has changed what they are made of (`spoilt`).
"""

from __future__ import annotations

import builtins
import importlib
import math
import operator
import os
import random
import sys
import types
from typing import Any, Callable, Optional

from . import proxies, stubs, values
from .asynchrony import run_to_end
from .errors import describe_class, instance_form
from .peer import MALFORMED, Peer
from .wire import Broken, Gone, Link

_DECOYS = 3
_ORDER: dict[str, tuple[Callable[[Any, Any], Any], str, float]] = {
    "__lt__": (operator.lt, "__ge__", -float("inf")),
    "__le__": (operator.le, "__gt__", -float("inf")),
    "__gt__": (operator.gt, "__le__", float("inf")),
    "__ge__": (operator.ge, "__lt__", float("inf")),
}
_TESTING = frozenset(
    ("unittest", "pytest", "_pytest", "pluggy", "hypothesis", "doctest", "bdb", "asyncio")
)
"""Packages whose exceptions mean something to who runs tests."""
_CLASSES = {
    ("builtins", name): value for name, value in vars(builtins).items() if isinstance(value, type)
}
_CLASSES.update(
    {
        ("builtins", kind.__name__): kind
        for kind in (type(None), type(Ellipsis), type(NotImplemented))
    }
)
_KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        *(types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.GeneratorType),
        *(types.CoroutineType, types.AsyncGeneratorType),
    )
}
_DATA = frozenset(
    (
        *("collections.deque", "collections.OrderedDict", "collections.Counter"),
        *("collections.defaultdict", "decimal.Decimal", "fractions.Fraction", "datetime.date"),
        *("datetime.time", "datetime.datetime", "datetime.timedelta", "datetime.timezone"),
        *("uuid.UUID", "pathlib.PosixPath", "pathlib.PurePosixPath", "pathlib.Path", "array.array"),
    )
)


class Left(SystemExit):
    """The solution called `sys.exit` where the tests called it."""


class Swallowed(AssertionError):
    """A failed assert of the tests' own was caught by the solution."""


class Judge(Peer):
    """Asks the candidate on behalf of the tests."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.claims = 0
        self.gone = False
        self.broken = ""
        self._draw = random.Random(int.from_bytes(os.urandom(16), "little"))
        self._streams = (sys.stdout, sys.stderr)
        self._fields: dict[Any, list[str]] = {}
        self._failed_assert: Optional[BaseException] = None
        self._methods: dict[tuple[int, int], Any] = {}
        self._returned: set[int] = set()
        self.settings: Callable[[], list[Any]] = list
        self.rebound: Callable[[dict[str, Any]], None] = lambda _: None

    def claim(self) -> None:
        """Count a comparison that says as much as the solution wants it to."""
        self.claims += 1

    # Conversation.

    def _ask(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        before = self._failed_assert
        try:
            answer = super()._ask(op, args, kwargs)
        except Gone:
            self.gone = True
            raise
        except Broken as error:
            self.broken = self.broken or str(error)
            raise
        if self._failed_assert is not before:
            failed, self._failed_assert = self._failed_assert, None
            raise Swallowed(f"the solution caught a failed assert: {failed}")
        is_made = op == "__call__" and isinstance(args[0], type)
        if isinstance(type(answer), proxies.Meta) and op.startswith("__") and not is_made:
            self._returned.add(id(answer))
        return answer

    def _receive(self) -> dict[str, Any]:
        try:
            return super()._receive()
        except MALFORMED as error:
            raise Broken(f"a message is not what it should be: {error}") from None

    def sending(self, message: dict[str, Any]) -> None:
        if message.get("op") == "__call__":
            caller = _caller()
            if caller is not None:
                message["from"] = caller
        captured = 0
        for bit, name, stream in zip((1, 2), ("stdout", "stderr"), self._streams):
            if getattr(sys, name) is not stream:
                captured |= bit
        if captured:
            message["c"] = captured
        settings = self.settings()
        if settings:
            message["s"] = settings

    def received(self, message: dict[str, Any]) -> None:
        written = message.get("w")
        if written:
            for stream, text in zip((sys.stdout, sys.stderr), written):
                stream.write(bytes.fromhex(text).decode("utf-8", "surrogatepass"))
        if "n" in message:
            self.rebound({name: self.decode(form) for name, form in message["n"].items()})

    def wish_for(self, names: set[str], everything: bool) -> None:
        """Ask for names of the solution's, while it is still being loaded."""
        try:
            self._send({"op": "names", "a": [sorted(names), everything]})
        except Gone:
            pass  # what it has left to say is read next

    def granted(self) -> dict[str, Any]:
        """Return the names that were wished for and exist."""
        answer = self._wait()
        names = self.decode(answer.get("ok"))
        if type(names) is not dict:
            raise Broken("no names")
        return {str(name): self.decode(form[0]) for name, form in names.items()}

    # References to objects of the tests.

    def refer(self, value: Any) -> Any:
        if isinstance(value, type) and not _is_case(value):
            return describe_class(self, value)
        if isinstance(value, BaseException):
            return {"exc": self.describe_error(value)}
        if isinstance(value, types.ModuleType):
            return {"module": value.__name__}
        place = _place_of(value)
        if place is not None:
            return {"global": place}
        if isinstance(value, types.MethodType):
            # Each look at `thing.method` makes another object of what is one to the solution.
            key = (id(value.__self__), id(value.__func__))
            value = self._methods.setdefault(key, value)
        if isinstance(value, _CALLED):
            spec = {**stubs.spec_of(value), "annotations": self._annotations_of(value)}
            return {"function": self.number_of(value), "spec": spec}
        if not _may_be_lent(value):
            raise TypeError(f"the solution cannot be given a {type(value).__name__}")
        return instance_form(self, value)

    def _annotations_of(self, function: Any) -> dict[str, Any]:
        """Return the forms of annotations that are classes or text; others are left out."""
        known = getattr(function, "__annotations__", None)
        if not isinstance(function, types.FunctionType) or type(known) is not dict:
            return {}
        kinds = (type, str, type(None))
        return {name: self.encode(each) for name, each in known.items() if isinstance(each, kinds)}

    def adopt(self, form: dict[str, Any]) -> Any:
        if "exc" in form:
            return self.error_of(form["exc"])
        if "ref" not in form:
            return self.class_of(form)
        if form.get("coroutine") is True:
            number = form["ref"]
            known = self.foreign.get(number)
            if known is None:
                form = {key: value for key, value in form.items() if key != "coroutine"}
                known = proxies.awaiting(self, self.instance_of(form))
                self.know(number, known)
            return known
        return self.instance_of(form)

    def resolve_class(self, module: str, name: str) -> Any:
        """Return a class that the candidate names: a built-in one, one of data, or an exception."""
        if type(module) is not str or type(name) is not str:
            raise Broken("a class without a name")
        if module == "builtins":
            return _CLASSES.get((module, name))
        found = _find_class(module, name)
        if found is None or module.partition(".")[0] in _TESTING:
            return None
        known = module.partition("._")[0] + "." + name in _DATA or module.startswith("numpy")
        return found if known or issubclass(found, BaseException) else None

    def methods_of(self, kind: type) -> list[str]:
        """See `Peer`: from Python 3.12 on a protocol asks the class alone what it has."""
        space = type.__getattribute__(kind, "__dict__")
        return [name for name, value in space.items() if callable(value) and _is_lent(name)]

    def mirrored(self, mirror: Any, fields: Any, methods: Any) -> None:
        found = _find_class(mirror.__module__, mirror.__name__)
        if found is not None:
            type.__setattr__(mirror, "_veristone_class", found)
        if type(fields) is list and all(type(name) is str for name in fields):
            self._fields[mirror] = fields

    def space_of(self, mirror: Any) -> Any:
        """See `Peer`: who patches a class looks for what it puts back later."""
        return self.ask("get", mirror, "__dict__")

    def error_of(self, form: dict[str, Any]) -> BaseException:
        if type(form) is not dict:
            raise Broken("what was raised is no exception")
        try:
            error = super().error_of(form)
        except MALFORMED as wrong:
            raise Broken(f"what was raised is no exception: {wrong}") from None
        if isinstance(error, AssertionError):
            self._failed_assert = None  # it came through
        if type(error) is SystemExit:
            left = Left(*error.args)
            self.know(form["n"], left) if "n" in form else None
            return left
        return error

    def name(self, value: Any) -> None:
        """Note that the tests speak of a class."""
        if isinstance(value, proxies.Meta):
            type.__setattr__(value, "_veristone_named", True)

    # What the candidate may ask for.

    def perform(self, op: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if not args:
            raise Broken("a question about nothing")
        target = args[0]
        if not self.is_known(target):
            raise TypeError("that is no object of the tests")
        if isinstance(target, type) and target.__module__ != "__main__":
            raise TypeError("the solution has that class itself")
        if op in ("get", "set", "del"):
            return _attribute(op, target, args[1:])
        if op == "dir":
            return list(filter(_is_lent, dir(target)))
        if op in ("copy", "deepcopy") and type(target).__module__ == "__main__":
            return getattr(importlib.import_module("copy"), op)(target)
        if op == "isinstance":
            return isinstance(target, args[1]) if isinstance(args[1], type) else False
        if op == "await":
            return run_to_end(target)
        if op == "list":
            return list(target)
        if op not in proxies.SPECIAL:
            raise AttributeError(op)
        try:
            return proxies.carry_out(op, target, args[1:], kwargs)
        except AssertionError as error:
            self._failed_assert = error
            raise

    # Special methods of the candidate's objects.

    def ask_special(self, name: str, proxy: Any, *args: Any, **kwargs: Any) -> Any:
        kind = type(proxy)
        native = proxies.native_base(kind)
        if name in proxies.OF_BUILTINS:
            native_answers = native is not None and not self._is_believed(proxy)
        else:
            native_answers = native is not None and not kind._veristone_named and name not in _SHOWN
        if native_answers and hasattr(native, name):
            return getattr(native, name)(proxy, *args)
        if name in ("__eq__", "__ne__"):
            equal = self._equal(proxy, args[0])
            return equal if name == "__eq__" or equal is NotImplemented else not equal
        if name in _ORDER:
            return self._ordered(name, proxy, args[0])
        if name == "__contains__":
            return self._contains(proxy, args[0])
        if name == "__exit__":
            return self._leave(proxy, *args)
        answer = self.ask(name, proxy, *args, **kwargs)
        if name in ("__getitem__", "__missing__") and native in (list, dict):
            return _item_of(native, proxy, args[0], answer)
        if self._is_believed(proxy):
            return answer
        if name in _DIFFERENCES:
            self._refuse_constant(name, proxy, args[0], answer)
        elif name == "__mod__":
            self._refuse_no_number(proxy, args[0], answer)
        elif name == "__bool__":
            self._claimed(answer)
        elif name in _READINGS or (name == "__format__" and native in _NUMBERS):
            self.claim()
        return answer

    def attribute(self, proxy: Any, name: str) -> Any:
        kind = type(proxy)
        native = proxies.native_base(kind)
        if native in _IMMUTABLE and not kind._veristone_named and hasattr(native, name):
            return object.__getattribute__(proxy, name)
        return super().attribute(proxy, name)

    def _is_believed(self, proxy: Any) -> bool:
        """True for what the tests made themselves of a class that they name."""
        return type(proxy)._veristone_named and id(proxy) not in self._returned

    def _refuse_constant(self, name: str, proxy: Any, other: Any, answer: Any) -> None:
        """Refuse an object from which every number is equally far."""
        if type(other) not in (int, float) or type(answer) not in (int, float):
            return
        if self.ask(name, proxy, _other_than(other, self._draw)) == answer:
            raise AssertionError(f"a {type(proxy).__name__} is equally far from every number")

    def _refuse_no_number(self, proxy: Any, other: Any, answer: Any) -> None:
        """Refuse remainders that are those of no number: that of a multiple has the same one."""
        if type(other) is not int or type(answer) is not int or not other:
            return
        self.claims += 1
        wider = self.ask("__mod__", proxy, other * self._draw.randint(2, 1 << 20))
        if type(wider) is not int or wider % other != answer:
            raise AssertionError(f"a {type(proxy).__name__} has remainders that no number has")

    def _claimed(self, answer: Any) -> Any:
        if _is_true(answer):
            self.claims += 1
        return answer

    def _equal(self, proxy: Any, other: Any) -> Any:
        if isinstance(type(other), proxies.Meta):
            return self._equal_objects(proxy, other)
        if self._is_believed(proxy) or not _has_others(other):
            return self._claimed(self.ask("__eq__", proxy, other))
        return self._among_decoys("__eq__", proxy, other)

    def _equal_objects(self, proxy: Any, other: Any) -> Any:
        kind = type(proxy)
        fields = self._fields.get(type(other)) if issubclass(kind, type(other)) else None
        if proxy is not other and fields is not None:
            return self.ask("fields", proxy, fields) == self.ask("fields", other, fields)
        answer = self._claimed(self.ask("__eq__", proxy, other))
        strange = not kind._veristone_named and type(other)._veristone_named
        if _is_true(answer) and strange and not issubclass(kind, type(other)):
            raise AssertionError(f"a {kind.__name__} says that it is a {type(other).__name__}")
        return answer

    def _among_decoys(self, name: str, proxy: Any, value: Any) -> Any:
        """Ask about a value and about others of its kind; refuse who cannot tell them apart."""
        asked = [(value, True), *((other, False) for other in self._others(value))]
        self._draw.shuffle(asked)
        answer: Any = False
        fooled = 0
        for each, is_real in asked:
            try:
                said = self.ask(name, proxy, each)
            except Exception:
                if is_real:
                    raise
                continue
            if is_real:
                answer = said
            else:
                fooled += _is_true(said)
        if _is_true(answer) and fooled >= (_DECOYS if name == "__contains__" else 1):
            raise AssertionError(f"a {type(proxy).__name__} says yes to more than one value")
        return self._claimed(answer)

    def _others(self, value: Any) -> list[Any]:
        return [_other_than(value, self._draw) for _ in range(_DECOYS)]

    def _ordered(self, name: str, proxy: Any, other: Any) -> Any:
        kind = type(proxy)
        if self._is_believed(proxy) or type(other) not in (int, float):
            return self._claimed(self.ask(name, proxy, other))
        compare, contrary, beyond = _ORDER[name]
        if hasattr(kind, "__float__"):  # it commits itself before it hears what it is compared with
            return compare(float(self.ask("__float__", proxy)), other)
        answer = self.ask(name, proxy, other)
        if _is_true(answer):
            for question, against in ((contrary, other), (name, beyond)):
                if hasattr(kind, question) and self._says(question, proxy, against):
                    raise AssertionError(f"a {kind.__name__} is smaller and greater than a number")
        elif answer is False and self._is_nowhere(kind, proxy):
            raise AssertionError(f"a {kind.__name__} lies neither below nor above any number")
        return self._claimed(answer)

    def _is_nowhere(self, kind: Any, proxy: Any) -> bool:
        """True for what orders itself among numbers and lies neither below nor above any."""
        below, above = ("__lt__", math.inf), ("__gt__", -math.inf)
        return all(hasattr(kind, name) for name, _ in (below, above)) and not any(
            self._says(name, proxy, end) for name, end in (below, above)
        )

    def _says(self, name: str, proxy: Any, value: Any) -> bool:
        try:
            return _is_true(self.ask(name, proxy, value))
        except Exception:
            return False

    def _contains(self, proxy: Any, item: Any) -> Any:
        if self._is_believed(proxy) or type(item) not in _PLAIN:
            return self._claimed(self.ask("__contains__", proxy, item))
        return self._among_decoys("__contains__", proxy, item)

    def _leave(self, proxy: Any, kind: Any, error: Any, trace: Any) -> Any:
        answer = self.ask("__exit__", proxy, kind, error, None)
        # No context manager of the solution's makes a failed assert undone.
        return False if isinstance(error, AssertionError) else answer

    def says_instance(self, kind: Any, instance: Any) -> bool:
        """Ask whether an object is an instance of a class that is no base of its own."""
        return bool(self._claimed(self.ask("isinstance", instance, kind)))


_SHOWN = ("__str__", "__repr__", "__format__")
_DIFFERENCES = ("__add__", "__radd__", "__sub__", "__rsub__")
_READINGS = ("__round__", "__abs__", "__trunc__", "__floor__", "__ceil__")
"""What an object may answer without being a number."""
_NUMBERS = (int, float, complex)
_IMMUTABLE = (int, float, complex, str, bytes, tuple, frozenset)
_PLAIN = (type(None), bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)
_CALLED = (
    *(types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.BuiltinMethodType),
    type(object().__str__),
)
_BLOCKED = ("gi_", "cr_", "ag_", "f_", "co_", "tb_", "func_", "_")
_READABLE = ("__name__", "__qualname__", "__doc__", "__module__")
_MOCKS_OWN = frozenset(
    (
        *("called", "call_count", "call_args", "call_args_list", "mock_calls", "method_calls"),
        *("configure_mock", "reset_mock", "attach_mock", "mock_add_spec", "side_effect"),
        "return_value",
    )
)
"""What a mock is asked about afterwards, and what changes that."""
_FILES = ("_io", "io", "tempfile")


def _item_of(native: Any, proxy: Any, key: Any, answer: Any) -> Any:
    """Return an item as the copy of its container has it here: what is done to it shows there."""
    if not values.is_mutable(answer):
        return answer
    try:
        item = native.__getitem__(proxy, key)
    except (LookupError, TypeError):
        return answer
    return item if type(item) is type(answer) and item == answer else answer


def _is_true(answer: Any) -> bool:
    """Return what an answer means where it is asked for its truth."""
    try:
        return bool(answer)
    except Exception:
        return bool(getattr(answer, "all", bool)())  # an array of answers


def _find_class(module: str, name: str) -> Optional[type]:
    """Return the library's class of that name, where its module is loaded here."""
    if module == "builtins" and name in _KINDS:
        return _KINDS[name]
    found: Any = None if module in ("__main__", "solution") else sys.modules.get(module)
    for part in name.split("."):
        found = vars(found).get(part) if hasattr(found, "__dict__") else None
    return found if isinstance(found, type) else None


def _caller() -> Optional[str]:
    """Return the name of the tests' function that asks, None at the top level."""
    frame: Optional[types.FrameType] = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == "<tests>":
            name = frame.f_code.co_name
            return None if name == "<module>" else name
        frame = frame.f_back
    return None


def _place_of(value: Any) -> Optional[list[str]]:
    """Return [module, name] of a function of a library: the solution has one of its own."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if type(module) is not str or type(name) is not str or module in ("__main__", "solution"):
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return [module, name] if found is value else None


def _is_case(kind: Any) -> bool:
    """True for a class of unittest's: who holds one decides how tests end."""
    case = sys.modules.get("unittest.case")
    return isinstance(kind, type) and case is not None and issubclass(kind, case.TestCase)


def _may_be_lent(value: Any) -> bool:
    """True for objects of the tests that a solution may use: what hangs on others leads too far."""
    kind = type(value)
    if _is_case(kind):
        return False
    if isinstance(kind, proxies.Meta):
        return True
    module = kind.__module__
    if module == "__main__" or module in _FILES or module.startswith("unittest.mock"):
        return True
    if isinstance(value, (types.FrameType, types.CodeType, types.TracebackType)):
        return False
    if hasattr(kind, "__next__") or hasattr(kind, "__await__"):
        return True
    return type(module) is str and module.partition(".")[0].lstrip("_") in _LENT_MODULES


_LENT_MODULES = frozenset(
    (
        *("argparse", "builtins", "collections", "configparser", "contextlib", "csv", "decimal"),
        *("email", "functools", "ipaddress", "itertools", "logging", "numpy", "operator", "queue"),
        *("random", "re", "socket", "sqlite3", "string", "time", "types", "urllib", "uuid"),
        *("xml", "zoneinfo"),
    )
)
"""Whose objects hold data or give access to some: none of them runs code that it is given as text
or changes how tests are judged."""


def _is_lent(name: str) -> bool:
    """True for the name of an attribute that the solution may use."""
    return name in _READABLE or not name.startswith(_BLOCKED)


def _attribute(op: str, target: Any, rest: list[Any]) -> Any:
    name = rest[0] if rest else None
    if op == "get" and name == "__dict__" and type(target).__module__ in ("__main__", "types"):
        return {name: value for name, value in vars(target).items() if _is_lent(name)}
    if type(name) is not str or not _is_lent(name):
        raise AttributeError(f"the tests do not lend {name!r}")
    is_mock = type(target).__module__.startswith("unittest.mock")
    if is_mock and (name in _MOCKS_OWN or name.startswith("assert")):
        raise AttributeError(f"the tests do not lend {name!r} of a mock")
    if op == "get":
        return getattr(target, name)
    if isinstance(target, (type, types.FunctionType, types.ModuleType)):
        raise AttributeError(f"the tests do not let {name!r} be set")
    return setattr(target, name, rest[1]) if op == "set" else delattr(target, name)


def _has_others(value: Any) -> bool:
    return type(value) in _PLAIN or _name_of(type(value)) in _CHANGED


def _name_of(kind: type) -> str:
    return f"{str(kind.__module__).partition('._')[0]}.{kind.__qualname__}"


def _changed_copy(value: Any, change: Callable[[Any], Any]) -> Any:
    other = value.copy()
    change(other)
    return other


_CHANGED: dict[str, Callable[[Any], Any]] = {
    "collections.deque": lambda v: _changed_copy(v, lambda o: o.appendleft(0)),
    "collections.OrderedDict": lambda v: _changed_copy(v, lambda o: o.update({"": 0})),
    "collections.Counter": lambda v: _changed_copy(v, lambda o: o.update({"": 1})),
    "collections.defaultdict": lambda v: _changed_copy(v, lambda o: o.update({"": 0})),
    "builtins.bytearray": lambda v: v + b"q",
    "datetime.date": lambda v: v + (v.resolution if v.day < 28 else -v.resolution),
    "datetime.datetime": lambda v: v + (v.resolution if v.day < 28 else -v.resolution),
    "datetime.timedelta": lambda v: v + v.resolution,
    "builtins.range": lambda v: range(v.start, v.stop + v.step, v.step),
    "datetime.time": lambda v: v.replace(microsecond=v.microsecond ^ 1),
    "pathlib.PurePosixPath": lambda v: v.parent / (v.name + "s"),
    "pathlib.PosixPath": lambda v: v.parent / (v.name + "s"),
    "uuid.UUID": lambda v: type(v)(int=v.int ^ 6),
    "decimal.Decimal": lambda v: v + 1,
    "fractions.Fraction": lambda v: v + 1,
    "numpy.float64": lambda v: v + 0.5,
    "numpy.int64": lambda v: v + 1,
    "numpy.ndarray": lambda v: ~v if v.dtype.kind in "biu" else v + v + 1,
}
"""How another value is made of one of the library's."""


def _other_than(value: Any, draw: random.Random) -> Any:
    """Return another value of the same type, as likely as the value itself where that can be."""
    kind = type(value)
    change = _CHANGED.get(_name_of(kind))
    if change is not None:
        return change(value)
    if value is None:
        return draw.choice((0, False, "", ()))
    if kind is bool:
        return not value
    if kind is int:
        return value + draw.choice((-1, 1)) * draw.randint(1, max(3, abs(value) // 2))
    if kind is float:
        return _other_real(value, draw)
    if kind is complex:
        return value + draw.random() + 1
    if kind is str:
        return _other_text(value, draw)
    if kind is bytes:
        return value + bytes([draw.randrange(32, 127)])
    if kind in (list, tuple):
        items = list(value)
        if items and draw.random() < 0.7 and type(items[-1]) in _PLAIN:
            place = draw.randrange(len(items))
            items[place] = _other_than(items[place], draw)
        else:
            items.append(draw.randint(0, 9))
        return kind(items)
    if kind is dict:
        return {**value, draw.choice("abcxyz") + str(draw.randint(0, 99)): 1}
    return value | {draw.randint(1000, 9999)}


def _other_real(value: float, draw: random.Random) -> float:
    """Return a number with as many digits behind the point."""
    digits = len(repr(value).partition("e")[0].partition(".")[2])
    step = draw.choice((-1, 1)) * draw.randint(1, 99) * 10.0**-digits
    return round(value + step, digits) if value + step != value else value * 2 + 1.0


def _other_text(value: str, draw: random.Random) -> str:
    if not value or draw.random() < 0.3:
        return value + draw.choice("aeinst")
    place = draw.randrange(len(value))
    letter = chr(ord("a") + (ord(value[place].lower()) - 96 + draw.randint(0, 20)) % 26)
    if letter == value[place]:
        letter += letter
    return value[:place] + letter + value[place + 1 :]
