"""Runs a Python sample in the zygote as `python main.py` would.

The sample becomes the real ``__main__``: a file on disk, fresh standard streams, its own
``sys.argv`` and ``sys.path``. What differs from a new interpreter is listed in
docs/fidelity.md and watched by tests/fidelity.
"""

from __future__ import annotations

import _thread
import atexit
import builtins
import ctypes
import gc
import importlib.machinery
import io
import os
import re
import sys
import threading
import time
import types
import weakref
from typing import Any, Callable, NoReturn, Optional

from . import stdio
from .child import Job, execute, reseed
from .python_end import Witness
from .record import Recorder

# Taken now, before any sample could put something else in their place.
_argv0: str = getattr(sys, "orig_argv", [sys.executable])[0]
_display = sys.excepthook
_exit = os._exit
_objects = gc.get_objects
_threads = _thread._count  # pyright: ignore[reportPrivateUsage]
_exit_functions = atexit._ncallbacks  # pyright: ignore[reportPrivateUsage]
_run_exit_functions = atexit._run_exitfuncs  # pyright: ignore[reportPrivateUsage]
_flush_c: Callable[[None], int] = ctypes.pythonapi.fflush
_flush_c.argtypes = [ctypes.c_void_p]  # type: ignore[attr-defined]

# Read once, when an interpreter starts: a forked one comes too late for them.
_EARLY_VARIABLES = ("PYTHON", "LC_", "LANG")
_USUAL_ENTRY = "main.py"
_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=]")
# Types with a finaliser that does nothing anybody could see.
_SILENT = frozenset((io.StringIO, io.BytesIO))


class Program:
    """A compiled sample and the namespace that it runs in."""

    __slots__ = ("_calm", "_witness", "code", "namespace")

    def __init__(
        self, code: types.CodeType, namespace: dict[str, Any], witness: Optional[Witness] = None
    ) -> None:
        self.code = code
        self.namespace = namespace
        self._witness = witness
        self._calm = (sys.stdout, sys.stderr, _exit_functions())

    def tokens(self) -> range:
        """Return a range of 0 and, where somebody wants a proof of the program's end, its token."""
        return range(1) if self._witness is None else self._witness.token()

    def end(self, error: Optional[BaseException], traced: bool, token: int = 0) -> SystemExit:
        """End the process, or return what the interpreter is to end with.

        How an interpreter ends is left to it where it could be noticed: exit functions, threads,
        objects with finalisers, trace functions, exit codes of every kind. Else nothing is torn
        down, which saves milliseconds.
        """
        for name in ("stderr", "stdout"):
            try:
                getattr(sys, name).flush()
            except BaseException:  # what fails is said when the streams are closed
                pass
        if self._witness is not None:
            self._without_file()  # as its threads see it that go on
            try:
                self._witness.tell(error, self.code.co_filename, token)
            except BaseException:  # interrupted while it waited for a thread: no proof
                pass
            if self._witness.leaves_at_once and error is None:
                _exit(0)
        code: object = None
        if isinstance(error, SystemExit):
            try:
                code = error.code
            except BaseException:
                code = error  # as the interpreter: it shows the exception itself
        elif error is not None:
            code = show_uncaught(error, skip=1)
        interrupted = type(error) is KeyboardInterrupt
        error = None
        status: Optional[int] = None
        if type(code) is str and getattr(sys, "stderr", None) is self._calm[1]:
            try:
                print(code, file=sys.stderr)
                status = code = 1
            except BaseException:  # closed: the interpreter knows what to do
                pass
        elif code is None or (type(code) is int and 0 <= code < 256):
            status = code or 0
        if status is not None and not traced and not interrupted:
            try:
                if not self.may_show():
                    _run_exit_functions()
                    sys.stdout.flush()
                    sys.stderr.flush()
                    _flush_c(None)
                    _exit(status)
            except BaseException:  # no memory, or a class of the sample's that answers oddly
                pass
            sys.ps2 = _FirstToGo(_LastToGo(status, self._calm[:2]))
        self._without_file()
        if interrupted:
            # What is executed from text tells the interpreter to end itself by SIGINT.
            try:
                exec("raise KeyboardInterrupt", {})
            except KeyboardInterrupt:
                pass
        return SystemExit(code)

    def _without_file(self) -> None:
        """A program's file has no name any more once it has ended."""
        self.namespace.pop("__file__", None)
        self.namespace.pop("__cached__", None)

    def may_show(self) -> bool:
        """True where somebody could tell a full finalisation from none."""
        if self._calm != (sys.stdout, sys.stderr, _exit_functions()) or _threads():
            return True
        objects = _objects()  # those of the sample: `become_main` froze all others
        kinds = set(map(type, objects))
        if any(hasattr(kind, "__del__") and kind not in _SILENT for kind in kinds):
            return True
        return weakref.ref in kinds and any(map(_has_callback, objects))


class _FirstToGo:
    """Keeps the zygote out of an interpreter's end, in which it would cost milliseconds.

    Finalisation lets `sys.ps2` go before all modules. That is when the modules that were loaded
    before the sample are taken out of its sight; those that the sample added to stay in.
    """

    def __init__(self, last: "_LastToGo") -> None:
        self._last = last

    def __del__(
        self, sys: Any = sys, plain: Any = io.TextIOWrapper, keep: Any = ctypes.pythonapi.Py_IncRef
    ) -> None:
        try:
            for stream in (sys.stdout, sys.stderr):
                if type(stream) is not plain:
                    return  # what its flush does, and how it fails, is the interpreter's to see
                if not stream.closed:
                    stream.flush()
            modules: dict[str, Any] = sys.modules
            held = [
                modules.pop(name)
                for name, size in _sizes.items()
                if name in modules and len(vars(modules[name])) == size
            ]
        except BaseException:
            return
        keep(ctypes.py_object(held))
        self._last.armed = True
        sys.veristone_end = self._last


class _LastToGo:
    """Ends the process where finalisation has come to the last module but one, `sys`."""

    def __init__(self, status: int, streams: tuple[Any, ...]) -> None:
        self.armed = False
        self._status = status
        self._streams = streams

    def __del__(self, leave: Any = _exit, flush_c: Any = _flush_c) -> None:
        if not self.armed:
            return
        for stream in self._streams:
            try:
                stream.flush()
            except BaseException:
                pass
        flush_c(None)
        leave(self._status)


_sizes: dict[str, int] = {}


def remember_modules() -> None:
    """Note what is loaded before any sample is."""
    for name, module in sys.modules.items():
        if name not in ("__main__", "sys", "builtins"):
            _sizes[name] = len(vars(module))


def _has_callback(thing: object) -> bool:
    # Abstract base classes keep weak references too, with a callback of their own.
    reference: Any = thing
    callback = reference.__callback__ if type(thing) is weakref.ref else None
    return callback is not None and getattr(callback, "__name__", "") != "_destroy"


def prepare(work: str) -> None:
    """Do once, in the warden, what every child would do in the same way.

    What a child does itself costs it a copy of each page that it touches.
    """
    stdio.make()
    sys.path[0] = work
    _set_argv([_USUAL_ENTRY])
    # A sample's `import` must not find the warden. Nothing of it is imported later.
    package = __name__.rpartition(".")[0]
    for module in [key for key in sys.modules if key.partition(".")[0] == package]:
        del sys.modules[module]


def _set_argv(argv: list[str]) -> None:
    sys.argv = argv
    if hasattr(sys, "orig_argv"):
        sys.orig_argv = [_argv0, *argv]


def become_main(job: Job, name: str = "__main__") -> dict[str, Any]:
    """Turn this forked zygote into a fresh interpreter; return the main module's namespace."""
    entry = job.meta["entry"]
    path = f"{job.work}/{entry}"
    gc.freeze()
    if job.meta["env"]:
        os.environ.update(job.meta["env"])
        if "TZ" in job.meta["env"]:
            time.tzset()
    if entry != _USUAL_ENTRY or job.meta["argv"]:
        _set_argv([entry, *job.meta["argv"]])
    main = types.ModuleType(name)
    space = main.__dict__
    space["__loader__"] = importlib.machinery.SourceFileLoader(name, path)
    if sys.version_info < (3, 14):
        space["__annotations__"] = {}
    space["__builtins__"] = builtins
    space["__file__"] = path
    space["__cached__"] = None
    sys.modules["__main__"] = main
    if name != "__main__":
        sys.modules[name] = main
    thread: Any = threading.main_thread()
    thread._set_native_id()
    reseed()
    gc.enable()
    return space


def source_of(job: Job) -> bytes:
    """Return the content of the entry file."""
    return bytes(job.contents[job.meta["files"].index(job.meta["entry"])])


def compile_main(job: Job, space: dict[str, Any]) -> types.CodeType:
    """Compile the entry file under the name that tracebacks and `inspect` will look for."""
    source = source_of(job)
    code = compile(source, space["__file__"], "exec", dont_inherit=True)
    if not _is_utf8(source) and not _has_cookie(source):
        # Passed over in a comment by `compile`, but not in a file.
        raise SyntaxError("source code is not UTF-8 and declares no encoding")
    return code


def _is_utf8(source: bytes) -> bool:
    try:
        source.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_cookie(source: bytes) -> bool:
    return any(_COOKIE.match(line) for line in source.split(b"\n", 2)[:2])


def refuse(job: Job, recorder: Recorder, error: BaseException) -> NoReturn:
    """Say that the program does not compile, and end as the interpreter ends."""
    source = source_of(job)
    if (
        sys.version_info < (3, 10)
        or not getattr(error, "lineno", 1)
        or isinstance(error, ValueError)
        or b"\0" in source
        or not _is_utf8(source)
        or _has_cookie(source)
    ):
        # The parser has other words for a file than for bytes.
        start_anew(job, recorder)
    if isinstance(error, SyntaxError) and _is_at_end(error):
        error.offset = 0  # at the end of a file it points nowhere
    error.__traceback__ = None
    _display(type(error), error, None)
    sys.stderr.flush()
    _exit(1)


def _is_at_end(error: SyntaxError) -> bool:
    """True where the parser missed something at the end of the program."""
    text, offset = error.text or "", error.offset or 0
    return error.end_offset == -1 and error.msg[:9] == "expected " and offset > len(text.rstrip())


def needs_new_interpreter(job: Job) -> bool:
    """True where the zygote has done already what this job would have had done differently."""
    if any(name.startswith(_EARLY_VARIABLES) for name in job.meta["env"]):
        return True
    # A file named as a module that is loaded here would be imported by a new interpreter.
    files = job.meta["files"]
    return len(files) > 1 and any(
        re.split("[./]", name, maxsplit=1)[0] in sys.modules for name in files
    )


def start_anew(job: Job, recorder: Recorder) -> NoReturn:
    """Run the job in a new interpreter: slower, and exact."""
    recorder.write({"anew": True})
    job.meta["argv"] = [_argv0, job.meta["entry"], *job.meta["argv"]]
    execute(job, recorder)


def show_uncaught(error: BaseException, skip: int) -> object:
    """Report an exception as `PyErr_Print` does, without the `skip` frames that are ours.

    Return the exit code that it asks for.
    """
    _without_frames(error, skip)
    trace = error.__traceback__
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, trace
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    try:
        hook = sys.excepthook
    except AttributeError:
        sys.stderr.write("sys.excepthook is missing\n")
        _display(type(error), error, trace)
        return 1
    second: Optional[BaseException] = None
    try:
        hook(type(error), error, trace)
    except SystemExit as leave:
        return leave.code
    except BaseException as raised:
        second = raised
    if second is not None:
        _without_frames(second, 1)
        sys.stderr.write("Error in sys.excepthook:\n")
        _display(type(second), second, second.__traceback__)
        sys.stderr.write("\nOriginal exception was:\n")
        _display(type(error), error, trace)
    return 1


def _without_frames(error: BaseException, count: int) -> None:
    trace = error.__traceback__
    for _ in range(count):
        trace = trace.tb_next if trace is not None else None
    error.__traceback__ = trace
