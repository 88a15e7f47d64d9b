"""The driver of `function` checks: calls the entry point, records what came back.

It knows the arguments and nothing else. Expected values stay with the engine, so there is
nothing here for a sample to find but its own answers.
"""

from __future__ import annotations

import json
import os
import sys
import time
import types
from typing import Any, NoReturn

from . import values
from .child import Job
from .python_main import compile_main
from .record import Recorder

_exit = os._exit
_clock = time.process_time


def drive(job: Job, space: dict[str, Any], recorder: Recorder) -> NoReturn:
    """Load the solution, make the calls, end."""
    payload = json.loads(bytes(job.payload))
    function = load_solution(job, space, recorder, payload["entry_point"])
    for index, call in enumerate(payload["calls"]):
        try:
            args = [values.decode(item) for item in call["args"]]
            kwargs = {key: values.decode(item) for key, item in call["kwargs"].items()}
        except ValueError as error:
            recorder.write({"fault": f"call {index}: {error}"})
            _exit(254)
        started = _clock()
        try:
            result = values.encode(function(*args, **kwargs))
        except SystemExit:
            recorder.write({"call": index, "exit": True})
        except BaseException as error:
            recorder.write({"call": index, "raised": describe(error)})
        else:
            recorder.write({"call": index, "value": result, "cpu": round(_clock() - started, 6)})
    recorder.write({"done": len(payload["calls"])})
    flush()
    _exit(0)


def load_solution(job: Job, space: dict[str, Any], recorder: Recorder, entry_point: str) -> Any:
    """Execute the solution as a module and return its entry point, or end the process."""
    run_module(compile_module(job, space, recorder), space, recorder)
    function = space.get(entry_point)
    if function is None:
        recorder.write({"missing": entry_point})
        _exit(1)
    return function


def compile_module(job: Job, space: dict[str, Any], recorder: Recorder) -> types.CodeType:
    """Compile the solution's file, or end the process."""
    try:
        return compile_main(job, space)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        recorder.write({"compile": describe(error)})
        _exit(1)


def run_module(code: types.CodeType, space: dict[str, Any], recorder: Recorder) -> None:
    """Execute the solution as a module; end the process where it does not come back."""
    try:
        exec(code, space)
    except SystemExit:
        recorder.write({"exit": "module"})
        flush()
        _exit(1)
    except BaseException as error:
        recorder.write({"raised": describe(error)})
        sys.excepthook(type(error), error, error.__traceback__)
        flush()
        _exit(1)


def describe(error: BaseException) -> list[str]:
    """Return [type name, message] of an exception, whatever its class does."""
    name = type(error).__name__
    try:
        # A record is UTF-8: what has no form in it is shown escaped.
        text = str(error)[:500].encode("utf-8", "backslashreplace").decode()
    except Exception:
        text = ""
    return [str(name), text]


def flush() -> None:
    """Write out what the sample printed."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # the sample may have closed or replaced it
            continue


__all__ = [
    "compile_module",
    "describe",
    "drive",
    "flush",
    "run_module",
]
