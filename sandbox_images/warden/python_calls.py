"""The driver of `function` checks: calls the entry point, records what came back.

It knows the arguments and nothing else. Expected values stay with the engine, so there is
nothing here for a sample to find but its own answers. A long answer stays here too, where the
engine says so: its digest is enough to tell that it is the expected one, and who does not know the
expected value does not know its digest either.
"""

from __future__ import annotations

import json
import os
import sys
import time
import types
from _blake2 import blake2b
from typing import Any, NoReturn, Optional, Union

from . import objects, values
from .child import Job
from .python_main import compile_main
from .record import Recorder, dumps

_exit = os._exit
_clock = time.process_time
_digest = blake2b


def drive(job: Job, space: dict[str, Any], recorder: Recorder) -> NoReturn:
    """Load the solution, make the calls, end."""
    payload = bytes(job.payload)
    task = values.deeply(json.loads, payload)
    if b'"$' in payload:
        try_arguments(task["calls"], recorder)
    function = load_solution(job, space, recorder, task["entry_point"])
    finish = _credit if task.get("truth") else _form_of
    longest = task.get("longest")
    for index, call in enumerate(task["calls"]):
        try:
            args, kwargs = values.deeply(arguments, call)
            started = _clock()
            result = values.deeply(finish, function(*args, **kwargs))
        except SystemExit:
            recorder.write({"call": index, "exit": True})
        except BaseException as error:
            recorder.write({"call": index, "raised": describe(error)})
        else:
            taken = round(_clock() - started, 6)
            said = _said(values.deeply(dumps, result), longest)
            recorder.write_text(f'{{"call":{index},{said},"cpu":{taken!r}}}')
    recorder.write({"done": len(task["calls"])})
    flush()
    _exit(0)


def _said(value: str, longest: Optional[int]) -> str:
    """Return what is recorded of an answer, of which this is the JSON text: the answer, or of one
    that is longer its length and digest. Objects are known by their text alone, and are shown."""
    if longest is None or len(value) <= longest or '"$object"' in value:
        return f'"value":{value}'
    data = value.encode("utf-8", "surrogatepass")
    return f'"digest":"{_digest(data, digest_size=32).hexdigest()}","size":{len(data)}'


def _form_of(result: Any) -> Any:
    """Return the form of what a call returned; what is to be awaited is awaited."""
    if type(result) is types.CoroutineType:
        result = _run_async(result)
    elif type(result) is types.AsyncGeneratorType:
        result = iter(_run_async(_collect(result)))
    return values.encode(result)


def _credit(result: Any) -> Union[bool, float]:
    """Return what a judge says: whether it accepts, or which part of the credit it gives."""
    if isinstance(result, float) and 0 < result < 1:
        return float(result)
    return bool(result)


def _run_async(coroutine: Any) -> Any:
    import asyncio

    return asyncio.run(coroutine)


async def _collect(generator: Any) -> list[Any]:
    items: list[Any] = []
    async for item in generator:
        items.append(item)
        if len(items) == objects.MOST_YIELDED:
            break
    return items


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
    """Execute the solution as a module and return its entry point, or end the process.

    What the solution defined before it called ``sys.exit`` at its top is there, and what it
    answers is judged elsewhere.
    """
    left = run_module(compile_module(job, space, recorder), space, recorder, entry_point)
    function = _resolve(space, entry_point)
    if function is None:
        recorder.write({"exit": "module"} if left else {"missing": entry_point})
        flush()
        _exit(1)
    return function


def _resolve(space: dict[str, Any], entry_point: str) -> Any:
    """Return a function, or a method of a class: ``Solution.solve`` is that of a new instance."""
    owner, _, name = entry_point.rpartition(".")
    if not owner:
        return space.get(name)
    holder = space.get(owner)
    if not isinstance(holder, type):
        return getattr(holder, name, None)
    if getattr(holder, name, None) is None:
        return None
    kind: Any = holder
    return lambda *args, **kwargs: getattr(kind(), name)(*args, **kwargs)


def compile_module(job: Job, space: dict[str, Any], recorder: Recorder) -> types.CodeType:
    """Compile the solution's file, or end the process."""
    try:
        return compile_main(job, space)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        recorder.write({"compile": describe(error)})
        _exit(1)


def run_module(
    code: types.CodeType, space: dict[str, Any], recorder: Recorder, wanted: str = ""
) -> bool:
    """Execute the solution as a module; end the process where it does not come back.

    Return whether it called ``sys.exit`` although `wanted` could be gone on with.
    """
    # From here on whatever stands in the record may be the sample's own, a fault of ours as well.
    recorder.write({"begun": True})
    try:
        exec(code, space)
    except SystemExit:
        if wanted:
            return True
        recorder.write({"exit": "module"})
        flush()
        _exit(1)
    except BaseException as error:
        recorder.write({"raised": describe(error)})
        sys.excepthook(type(error), error, error.__traceback__)
        flush()
        _exit(1)
    return False


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
