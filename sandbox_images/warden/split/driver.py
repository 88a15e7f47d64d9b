"""The process of the tests: starts the candidate, gives the tests its names, runs them, records."""

from __future__ import annotations

import _socket
import ast
import builtins
import importlib.machinery
import os
import re
import sys
import time
import types
from typing import Any, Callable, NoReturn

from .. import kernel, lines
from ..child import Job
from ..python_calls import describe, flush
from ..python_main import become_main
from ..record import Recorder
from ..suite import FUTURE_FLAGS, Instrument, Suite
from . import candidate, proxies, spoilt
from .judge import Judge
from .settings import Settings
from .wire import Broken, Gone, Link, any_number_of_digits

_exit = os._exit
_EVERYTHING = re.compile(r"\b(eval|exec|globals|locals|getattr|vars)\s*\(")
"""What lets tests use names that do not stand in their text."""
_PATCHED = re.compile(r"""["'][\w.{}]*\.(\w+)["']""")
"""Names that `patch("__main__.name")` has of the solution's."""
_PATIENCE_S = 0.5
"""For a process that has closed its end of the socket to end as well."""
_UNPICKLE = "__veristone_unpickle__"


def drive(
    job: Job,
    recorder: Recorder,
    record_fd: int,
    forget: Callable[[], None],
    seal: Callable[[], None],
) -> NoReturn:
    """Judge a solution by tests that it cannot reach.

    Args:
        job: the solution's file, and the test code as payload.
        recorder: takes down what happened.
        record_fd: its descriptor, which the candidate must not have.
        forget: wipes the job from the memory of the process that calls it.
        seal: puts the process that calls it under its last filter, which lets none of them choose
            whether it can be looked into.
    """
    try:
        ours, theirs = _socket.socketpair()
        # Not dumpable before the candidate lives: it has our user id, and must not look in here.
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        pid = kernel.fork()
        if pid == 0:
            os.close(record_fd)
            os.close(ours.detach())
            kernel.become_dumpable()
        seal()
    except OSError as error:
        recorder.write({"fault": f"{type(error).__name__}: {error}"})
        _exit(254)
    if pid == 0:
        candidate.run(job, theirs.detach(), forget)
    recorder.write({"begun": True})
    theirs.close()
    Driver(job, recorder, Link(ours.detach()), pid).run()


class Driver:
    """Runs the tests of one sample."""

    def __init__(self, job: Job, recorder: Recorder, link: Link, pid: int) -> None:
        any_number_of_digits()
        self._recorder = recorder
        self._link = link
        self._pid = pid
        self._source = bytes(job.payload).decode("utf-8", "surrogatepass")
        solution = bytes(job.contents[job.meta["files"].index(job.meta["entry"])])
        self._space = become_main(job)
        self._space["__file__"] = f"{job.work}/test_solution.py"
        # Nothing that the solution may have written is imported here.
        sys.path = [place for place in sys.path if place not in ("", job.work)]
        self._solution = solution
        self._flags = _future_flags(solution)
        self._instrument = spoilt.Watching(self._source, measured=job.meta["measured"])

    def run(self) -> NoReturn:
        """Load the tests, wait for the solution, run the one on the other, end."""
        judge = Judge(self._link)
        proxies.Proxy._veristone_peer = judge
        spoilt.install(judge.claim)
        if "pickle" in self._source:
            # A pickle names its loader by the module where it is found.
            proxies.unpickle.__module__, proxies.unpickle.__qualname__ = "__main__", _UNPICKLE
            self._space[_UNPICKLE] = proxies.unpickle
        try:
            suite = _Suite(
                self._source, self._space, self._recorder, self._flags, self._instrument, judge
            )
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            self._recorder.write({"tests": describe(error)})
            _exit(1)
        try:
            judge.wish_for(
                suite.names | set(_PATCHED.findall(self._source)),
                _EVERYTHING.search(self._source) is not None,
            )
            loaded = self._link.receive()
        except Gone:
            self._lost()
        except Broken as error:
            self._broken(str(error))
        if "names" not in loaded:
            self._recorder.write(_failure_of(loaded))
            _exit(1)
        try:
            Names(judge, self._space, suite, self._source, loaded, self._solution)
            suite.run()
            covered = self._covered(judge) if self._instrument.measured else {}
        except (Gone, Broken):
            covered = {}
        if judge.broken:
            self._broken(judge.broken)
        if judge.gone:
            self._lost()
        self._recorder.write({**suite.end(), "claims": judge.claims, **covered})
        flush()
        _exit(0)

    def _covered(self, judge: Judge) -> dict[str, Any]:
        """Return how much of the solution the tests have run, by its own word."""
        seen = judge.ask("lines")
        code = compile(self._solution, "solution.py", "exec", dont_inherit=True)
        return lines.measured(code, seen if type(seen) is tuple else ())

    def _broken(self, why: str) -> NoReturn:
        """Say that what came from the candidate is no answer."""
        self._recorder.write({"broken": why[:300]})
        flush()
        _exit(1)

    def _lost(self) -> NoReturn:
        """Say how the candidate ended, in whose place nobody can go on."""
        end = time.monotonic() + _PATIENCE_S
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        while not pid:
            if time.monotonic() > end:
                self._broken("the solution closed what it answers through")
            time.sleep(_PATIENCE_S / 100)
            pid, status = os.waitpid(self._pid, os.WNOHANG)
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        self._recorder.write({"left": code, "signal": number})
        flush()
        _exit(1)


def _future_flags(solution: bytes) -> int:
    """Return what the solution imports from `__future__`: its tests were written to go with it."""
    if b"__future__" not in solution:
        return 0
    try:
        return compile(solution, "solution.py", "exec", dont_inherit=True).co_flags & FUTURE_FLAGS
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0


def _failure_of(loaded: dict[str, Any]) -> dict[str, Any]:
    """Return what is recorded of a solution that could not be loaded."""
    for key in ("compile", "raised"):
        words = loaded.get(key)
        if type(words) is list:
            return {key: [word[:500] for word in words[:2] if type(word) is str]}
    return {"exit": "module"}


class _Suite(Suite):
    """A suite that shows what an exception looked like inside the solution."""

    def __init__(
        self,
        source: str,
        space: dict[str, Any],
        recorder: Recorder,
        flags: int,
        instrument: Instrument,
        judge: Judge,
    ) -> None:
        super().__init__(source, space, recorder, flags, instrument)
        self._judge = judge

    def failed(self, error: BaseException, event: dict[str, Any]) -> None:
        if isinstance(error, (Gone, Broken)):
            event["raised"] = ["RuntimeError", "the solution has left"]
            return
        super().failed(error, event)
        if self._judge.is_foreign(error):
            sys.stderr.flush()
            self._judge.ask("show")


class RemoteModule(types.ModuleType):
    """The solution's module, or one that came with it, as the tests import it."""

    def __init__(self, name: str, judge: Judge, target: Any) -> None:
        super().__init__(name)
        self.__dict__["_veristone"] = (judge, self if target is None else target)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        judge, target = self.__dict__["_veristone"]
        value = judge.ask("get", target, name)
        if name[:1].isupper():
            judge.name(value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__"):
            super().__setattr__(name, value)
            return
        judge, target = self.__dict__["_veristone"]
        judge.ask("set", target, name, value)

    def __delattr__(self, name: str) -> None:
        judge, target = self.__dict__["_veristone"]
        judge.ask("del", target, name)


class Names:
    """The solution's names as the tests see them.

    Names that both a library and the solution define are the library's, unless the tests use no
    other name of the solution's: a task may be to write `sum`, or `abs`.
    """

    def __init__(
        self,
        judge: Judge,
        space: dict[str, Any],
        suite: Suite,
        source: str,
        loaded: dict[str, Any],
        solution: bytes,
    ) -> None:
        self._judge = judge
        self._module = RemoteModule("solution", judge, None)
        judge.know(-1, self._module)
        sys.modules["solution"] = self._module
        modules = [name for name in loaded.get("modules", ()) if type(name) is str]
        if modules or "import" in source:
            exported = {name for name in loaded["names"] if type(name) is str}
            self._install_finders(suite.tree, exported, modules)
        given = _without_builtins(judge.granted())
        for name, value in given.items():
            if name in suite.names and name[:1].isupper():
                judge.name(value)
        space.update(given)
        settings = Settings(judge, space, suite.tree, source)
        settings.names(given, _wants(loaded, solution, suite.tree))
        judge.settings, judge.rebound = settings.changes, settings.rebound

    def _install_finders(self, tree: ast.Module, exported: set[str], modules: list[str]) -> None:
        sys.meta_path.insert(0, _Finder(dict.fromkeys(modules, self._remote)))
        aliases: dict[str, Any] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = {alias.name for alias in node.names}
                if names <= exported | {"*"}:
                    aliases[node.module] = lambda name: self._module
        sys.meta_path.append(_Finder(aliases))

    def _remote(self, name: str) -> Any:
        return RemoteModule(name, self._judge, self._judge.ask("import", name))


def _without_builtins(given: dict[str, Any]) -> dict[str, Any]:
    """Leave out what has a built-in name, unless nothing else is left."""
    known = vars(builtins)
    return {name: value for name, value in given.items() if name not in known} or given


def _wants(loaded: dict[str, Any], solution: bytes, tree: ast.Module) -> list[str]:
    """Return names that the solution uses and does not define: the tests may."""
    wants = [name for name in loaded["wants"] if type(name) is str]
    if b"globals" in solution:
        wants += [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    return wants


class _Finder:
    """Finds modules that are the candidate's."""

    def __init__(self, makers: dict[str, Callable[[str], Any]]) -> None:
        self._makers = makers

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """See `importlib.abc.MetaPathFinder`."""
        if name not in self._makers:
            return None
        return importlib.machinery.ModuleSpec(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: Any) -> Any:
        """See `importlib.abc.Loader`."""
        return self._makers[spec.name](spec.name)

    def exec_module(self, module: Any) -> None:
        """See `importlib.abc.Loader`."""


__all__ = ["Driver", "drive"]
