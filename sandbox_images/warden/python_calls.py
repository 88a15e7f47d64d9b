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
    payload = bytes(job.payload)
    task = values.deeply(json.loads, payload)
    if b'"$' in payload:
        try_arguments(task["calls"], recorder)
    function = load_solution(job, space, recorder, task["entry_point"])
    for index, call in enumerate(task["calls"]):
        try:
            args, kwargs = values.deeply(arguments, call)
            started = _clock()
            result = values.deeply(values.encode, function(*args, **kwargs))
        except SystemExit:
            recorder.write({"call": index, "exit": True})
        except BaseException as error:
            recorder.write({"call": index, "raised": describe(error)})
        else:
            taken = round(_clock() - started, 6)
            values.deeply(recorder.write, {"call": index, "value": result, "cpu": taken})
    recorder.write({"done": len(task["calls"])})
    flush()
    _exit(0)


def arguments(call: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return fresh arguments of a call, or raise ValueError."""
    args = [values.decode(item) for item in call["args"]]
    return args, {key: values.decode(item) for key, item in call["kwargs"].items()}


def try_arguments(calls: list[Any], recorder: Recorder) -> None:
    """Look, while only the trusted side has run, whether every argument can be made here."""
    for index, call in enumerate(calls):
        try:
            values.deeply(arguments, call)
        except ValueError as error:
            recorder.write({"unreadable": f"call {index}: {error}"[:500]})
            _exit(1)


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
    # From here on whatever stands in the record may be the sample's own, a fault of ours as well.
    recorder.write({"begun": True})
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
    name = type(error).__name__[:200]
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
