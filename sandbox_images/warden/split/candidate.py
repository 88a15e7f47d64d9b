"""The side of the solution: loads it, and does with it what the driver asks for.

All of this is in the solution's hands. What it may spoil is its own answers.
"""

from __future__ import annotations

import builtins
import importlib
import io
import os
import sys
import threading
import types
from typing import Any, Callable, NoReturn, Optional

from ..child import Job
from ..lines import Watch
from ..python_calls import describe, flush
from ..python_main import become_main, compile_main
from ..suite import show
from . import proxies, stubs
from .asynchrony import run_to_end
from .errors import describe_class, instance_form
from .peer import Peer
from .process import SETTINGS
from .wire import Broken, Gone, Link, any_number_of_digits

_exit = os._exit
STDOUT, STDERR = 1, 2
_COMPILE_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)


def run(job: Job, fd: int, forget: Callable[[], None]) -> NoReturn:
    """Become the candidate; `forget` wipes the tests from this process's memory."""
    any_number_of_digits()
    link = Link(fd)
    space = become_main(job, "solution")
    try:
        code = compile_main(job, space)
    except _COMPILE_ERRORS as error:
        link.send({"compile": describe(error)})
        _exit(1)
    modules = sorted(
        {name.partition("/")[0].removesuffix(".py") for name in job.meta["files"]} - {"solution"}
    )
    measured = job.meta["measured"]
    del job
    forget()
    candidate = Candidate(link, space)
    failed = _load(code, space)
    if failed is not None:
        flush()
        link.send(failed)
        _exit(1)
    if measured:
        candidate.watch = Watch(code)
    link.send(
        {
            "names": sorted(filter(_is_text, space)),
            "wants": _wanted(code, space),
            "modules": modules,
        }
    )
    try:
        candidate.listen()
    except (Gone, Broken):
        _exit(0)


def _elsewhere(*args: Any) -> Any:
    """Stands for a method of the tests, of which the other side is asked before it is found."""


def _is_text(name: object) -> bool:
    return type(name) is str


def _load(code: types.CodeType, space: dict[str, Any]) -> Optional[dict[str, Any]]:
    """Execute the solution as a module; say why where it does not come back."""
    try:
        exec(code, space)
    except SystemExit:
        return {"exit": "module"}
    except BaseException as error:
        words = describe(error)
        sys.excepthook(type(error), error, error.__traceback__)
        return {"raised": words}
    return None


def _wanted(code: types.CodeType, space: dict[str, Any]) -> list[str]:
    """Return global names that the solution uses and does not define."""
    found: set[str] = set()
    queue = [code]
    while queue:
        item = queue.pop()
        found.update(item.co_names)
        queue += [inner for inner in item.co_consts if isinstance(inner, types.CodeType)]
    known = vars(builtins)
    return sorted(name for name in found if name not in space and name not in known)


class Candidate(Peer):
    """Answers the driver."""

    step = -1

    def __init__(self, link: Link, space: dict[str, Any]) -> None:
        super().__init__(link)
        self._space = space
        self._real = (sys.stdout, sys.stderr)
        self._relays = (io.StringIO(), io.StringIO())
        self._last_error: Optional[BaseException] = None
        self._floor = threading.RLock()
        self._floor.acquire()
        self._watched: dict[str, Any] = {}
        self._caller = "<module>"
        self._originals: dict[tuple[str, str], Any] = {}
        self.watch: Optional[Watch] = None
        self.number_of(_solution_module(space))

    # References.

    def refer(self, value: Any) -> Any:
        if isinstance(value, type):
            return describe_class(self, value)
        if isinstance(value, BaseException):
            return {"exc": self.describe_error(value)}
        return instance_form(self, value)

    def adopt(self, form: dict[str, Any]) -> Any:
        if "global" in form:
            return _resolve(*form["global"])
        if "module" in form:
            return importlib.import_module(form["module"])
        if "exc" in form:
            return self.error_of(form["exc"])
        if "class" in form and "ref" not in form:
            return self.class_of(form)
        number = form.get("function")
        if number is not None:
            known = self.foreign.get(number)
            return known or self.know(number, stubs.function(self, number, form["spec"]))
        return self.instance_of(form)

    def resolve_class(self, module: str, name: str) -> Any:
        return None if module == "__main__" else _resolve_class(module, name)

    def mirrored(self, mirror: Any, fields: Any, methods: Any) -> None:
        """Let a class of the tests have its methods and fields to who looks into it."""
        if issubclass(mirror, proxies.Proxy):  # a mirrored exception looks at its class first
            for name in methods:
                type.__setattr__(mirror, name, _elsewhere)
        if fields is not None and "dataclasses" in sys.modules:
            made = sys.modules["dataclasses"].make_dataclass(mirror.__name__, fields)
            for name in ("__dataclass_fields__", "__dataclass_params__"):
                type.__setattr__(mirror, name, getattr(made, name))

    def describe_error(self, error: BaseException) -> dict[str, Any]:
        self._last_error = error
        return super().describe_error(error)

    def call_foreign(self, number: int, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call a function of the tests."""
        return self.ask("__call__", self.foreign[number], *args, **kwargs)

    def ask_special(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return self.ask(name, *args, **kwargs)

    def says_instance(self, kind: Any, instance: Any) -> bool:
        return bool(self.ask("isinstance", instance, kind))

    # Conversation: one thread at a time, and not while the driver is not listening.

    def _ask(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with self._floor:
            return super()._ask(op, args, kwargs)

    def perform(self, op: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        self._floor.release()
        try:
            if op == "__call__":
                return _called_from(self._caller, args[0], args[1:], kwargs)
            action = _ACTIONS.get(op)
            if action is not None:
                return action(self, *args, **kwargs)
            return proxies.carry_out(op, args[0], args[1:], kwargs)
        finally:
            self._floor.acquire()

    def received(self, message: dict[str, Any]) -> None:
        self._caller = message.get("from", "<module>")
        captured = message.get("c", 0)
        for bit, name, real, relay in zip(
            (STDOUT, STDERR), ("stdout", "stderr"), self._real, self._relays
        ):
            now = getattr(sys, name, None)
            if captured & bit and now is real:
                setattr(sys, name, relay)
            elif not captured & bit and now is relay:
                setattr(sys, name, real)
        for setting in message.get("s", ()):
            self._set(*setting)

    def sending(self, message: dict[str, Any]) -> None:
        flush()
        written = [relay.getvalue() for relay in self._relays]
        if any(written):
            message["w"] = [text.encode("utf-8", "surrogatepass").hex() for text in written]
            for relay in self._relays:
                relay.seek(0)
                relay.truncate()
        changed = {}
        for name, before in self._watched.items():
            now = self._space.get(name, before)
            if now is not before:
                self._watched[name] = now
                changed[name] = self.encode_shared([now])
        if changed:
            message["n"] = changed

    def _set(self, place: str, name: str, form: Any) -> None:
        """Set what the tests have replaced: a global of the solution's, of a module, a setting.

        Without a form it becomes what it was before.
        """
        if form is None:
            setattr(importlib.import_module(place), name, self._originals.pop((place, name)))
            return
        value = self.decode(form)
        if place in SETTINGS:
            SETTINGS[place].write(value)
        elif place == "":
            self._space[name] = value
            if name in self._watched:
                self._watched[name] = value
        else:
            module = importlib.import_module(place)
            self._originals.setdefault((place, name), getattr(module, name, None))
            setattr(module, name, value)

    # What the driver asks for besides special methods.

    def names(self, wanted: list[str], everything: bool) -> dict[str, Any]:
        """Return the values of global names, and tell from now on when one is bound anew."""
        if everything:
            wanted = [name for name in self._space if _is_text(name)]
        found = {
            name: self._space[name]
            for name in wanted
            if name in self._space and not name.startswith("__")
        }
        self._watched.update(found)
        return {name: [self.encode_shared([value])] for name, value in found.items()}

    def import_module(self, name: str) -> Any:
        """Import a module that came with the sample."""
        return importlib.import_module(name)

    def show(self) -> None:
        """Show the last exception as an interpreter shows one, where people look for it."""
        error = self._last_error
        if error is not None:
            show(error)
        flush()

    def lines(self) -> tuple[int, ...]:
        """Return the lines that were run so far."""
        return tuple(self.watch.seen) if self.watch is not None else ()

    def run_awaitable(self, awaitable: Any) -> Any:
        """Return what an awaitable comes to."""
        return run_to_end(awaitable)

    def special_awaitable(self, name: str) -> Callable[..., Any]:
        """Return what calls an asynchronous special method and waits for it."""
        return lambda target, *args: run_to_end(getattr(type(target), name)(target, *args))


def _call(target: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return target(*args, **kwargs)


_callers: dict[str, Callable[..., Any]] = {}


def _called_from(name: str, *given: Any) -> Any:
    """Call from a function of this name: a solution may look who calls it."""
    caller = _callers.get(name)
    if caller is None:
        code = _call.__code__.replace(co_name=name)
        caller = _callers[name] = types.FunctionType(code, _call.__globals__, name)
    return caller(*given)


def _solution_module(space: dict[str, Any]) -> Any:
    return sys.modules[space["__name__"]]


def _resolve(module: str, name: str) -> Any:
    value: Any = importlib.import_module(module)
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _resolve_class(module: str, name: str) -> Any:
    try:
        found = _resolve(module, name)
    except (ImportError, AttributeError):
        return None
    return found if isinstance(found, type) else None


def _fields(target: Any, names: list[str]) -> tuple[Any, ...]:
    return tuple(getattr(target, name) for name in names)


def _dumps(target: Any) -> bytes:
    return importlib.import_module("pickle").dumps(target)


_ACTIONS: dict[str, Callable[..., Any]] = {
    "get": lambda self, target, name: getattr(target, name),
    "set": lambda self, target, name, value: setattr(target, name, value),
    "del": lambda self, target, name: delattr(target, name),
    "list": lambda self, target: list(target),
    "dir": lambda self, target: dir(target),
    "names": Candidate.names,
    "import": Candidate.import_module,
    "show": Candidate.show,
    "lines": Candidate.lines,
    "await": Candidate.run_awaitable,
    "fields": lambda self, target, names: _fields(target, names),
    "isinstance": lambda self, target, kind: isinstance(target, kind),
    "copy": lambda self, target: importlib.import_module("copy").copy(target),
    "deepcopy": lambda self, target: importlib.import_module("copy").deepcopy(target),
    "dumps": lambda self, target: _dumps(target),
    "loads": lambda self, data: importlib.import_module("pickle").loads(data),
    "seed": lambda self, module, args: importlib.import_module(module).seed(*args),
}
for _name in ("__aenter__", "__aexit__", "__anext__"):
    _ACTIONS[_name] = lambda self, *args, name=_name: self.special_awaitable(name)(*args)
