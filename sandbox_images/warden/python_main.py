"""Runs a Python sample in the zygote as `python main.py` would.

The sample becomes the real ``__main__``: a file on disk, fresh standard streams, its own
``sys.argv`` and ``sys.path``. What differs from a new interpreter is listed in
docs/fidelity.md and watched by tests/fidelity.
"""

from __future__ import annotations

import atexit
import builtins
import gc
import importlib.machinery
import os
import signal
import sys
import threading
import types
from typing import Any, NoReturn, Optional

from . import stdio
from .child import Job, reseed


class Program:
    """A compiled sample and the namespace that it runs in."""

    __slots__ = ("code", "namespace")

    def __init__(self, code: types.CodeType, namespace: dict[str, Any]) -> None:
        self.code = code
        self.namespace = namespace


def become_main(job: Job, settings: stdio.StreamSettings, name: str = "__main__") -> dict[str, Any]:
    """Turn this forked zygote into a fresh interpreter; return the main module's namespace."""
    entry = job.meta["entry"]
    path = os.path.join(job.work, entry)
    stdio.renew(settings)
    os.environ.update(job.meta["env"])
    sys.argv = [entry, *job.meta["argv"]]
    if hasattr(sys, "orig_argv"):
        sys.orig_argv = [sys.executable, *sys.argv]
    sys.path[0] = job.work
    package = __name__.rpartition(".")[0]
    for module in [key for key in sys.modules if key.partition(".")[0] == package]:
        del sys.modules[module]
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
    reseed()
    gc.enable()
    return space


def source_of(job: Job) -> bytes:
    """Return the content of the entry file."""
    return bytes(job.contents[job.meta["files"].index(job.meta["entry"])])


def compile_main(job: Job, space: dict[str, Any]) -> types.CodeType:
    """Compile the entry file under the name that tracebacks and `inspect` will look for."""
    return compile(source_of(job), space["__file__"], "exec", dont_inherit=True)


def show_uncaught(error: BaseException, skip: int) -> None:
    """Report an exception as the interpreter does, without the `skip` frames that are ours."""
    trace = error.__traceback__
    for _ in range(skip):
        trace = trace.tb_next if trace is not None else None
    error.__traceback__ = trace
    sys.excepthook(type(error), error, trace)


def exit_status(error: Optional[BaseException], skip: int) -> int:
    """Return the exit status that the interpreter would choose after `error`."""
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        return _system_exit_status(error.code)
    show_uncaught(error, skip)
    if isinstance(error, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _flush()
        os.kill(os.getpid(), signal.SIGINT)
    return 1


def _system_exit_status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def finish(status: int) -> NoReturn:
    """End the process as the interpreter ends: threads, atexit, globals, streams.

    A full finalisation would take down the zygote's modules too, which the sample never made and
    which cost milliseconds; only what the sample made is torn down.
    """
    shutdown = getattr(threading, "_shutdown", None)
    try:
        if shutdown is not None:
            shutdown()
        atexit._run_exitfuncs()
        _flush()
        _tear_down_main()
    except SystemExit as error:
        status = _system_exit_status(error.code)
    except BaseException as error:
        show_uncaught(error, 0)
    if not _flush() and status == 0:
        status = 120  # what CPython exits with when the final flush fails
    os._exit(status)


def _flush() -> bool:
    clean = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not getattr(stream, "closed", False):
                stream.flush()
        except Exception:
            clean = False
    return clean


def _tear_down_main() -> None:
    """Let the sample's objects die as they do at exit, so that finalisers speak."""
    main = sys.modules.pop("__main__", None)
    if main is None:
        return
    space = vars(main)
    del main
    gc.collect()
    # As CPython's module clearing: private names first, the rest in order, builtins last.
    for name in [n for n in space if n[:1] == "_" and n[:2] != "__"]:
        space[name] = None
    for name in [n for n in space if n != "__builtins__"]:
        space[name] = None
    del space
    gc.collect()
