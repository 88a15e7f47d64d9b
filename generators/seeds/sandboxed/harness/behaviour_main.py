"""Calls a function with the inputs of many tasks and says what it answers.

The file `tasks` is a pickle of `[(calls, wanted), ...]`: pickled arguments, and for each call the
digest of the right result, empty where any will do. Arguments are unpickled anew for each call, so
nothing that a call does to them is seen by the next. The report's `answers` are `[number, digest,
bits]` of each task that was answered so; digest and bits are those of its last call.

A child makes the calls, under limits of CPU time for each task. One that it dies of costs that task
alone: another child goes on with the next.
"""

import hashlib
import json
import os
import pickle
import resource
import signal
import sys
import time
import types
from collections.abc import Callable
from typing import Any, cast

LOAD_CPU_S = 3.0
TASK_CPU_S = 0.05
"""CPU seconds that the calls of a task may take; its own author's solution takes far less."""
HURRIED_CPU_S = 0.005
"""The same, once `WASTED_S` were spent on tasks that took too long."""
WASTED_S = 1.0
WAIT_FACTOR = 20
"""Elapsed seconds for one CPU second: only who sleeps or waits runs out of them."""
STUCK_CPU_S = 2
"""CPU seconds after which the kernel ends a child in a call that no signal interrupts."""
CHILD_CPU_S = 10
CHILD_BYTES = 448 * 1024 * 1024
"""Address space: allocations fail before the sandbox's memory limit would end everything."""
MOST_CHILDREN = 3


class TooLong(BaseException):
    """Raised in the middle of a call."""


class Watch:
    """Ends calls that take too long, by CPU time and, with far more room, by the clock."""

    def __init__(self) -> None:
        self._wasted = 0.0
        signal.signal(signal.SIGPROF, self._ring)
        signal.signal(signal.SIGALRM, self._ring)

    def _ring(self, number: int, frame: object) -> None:
        raise TooLong

    def run(self, call: Callable[[], None], cpu_s: float | None = None) -> None:
        """Run `call`; what it raises, and that it took too long, is not passed on."""
        limit = cpu_s or (TASK_CPU_S if self._wasted < WASTED_S else HURRIED_CPU_S)
        started = time.monotonic()
        try:
            try:
                self._set(limit)
                call()
            except TooLong:
                self._wasted += max(limit, (time.monotonic() - started) / WAIT_FACTOR)
            finally:
                self._set(0)
        except BaseException:  # what the seed raises, or a bell in the last moment
            self._set(0)

    @staticmethod
    def _set(limit: float) -> None:
        # Again and again: a call may swallow the first one.
        signal.setitimer(signal.ITIMER_PROF, limit, limit)
        signal.setitimer(signal.ITIMER_REAL, limit * WAIT_FACTOR, limit * WAIT_FACTOR)


def plain(value: Any) -> Any:
    """Return a result in JSON's terms: equal results of two programs give equal ones.

    Numbers are equal by value (`True`, 1 and 1.0) and floats to 7 digits, and what can be iterated
    over (a tuple, a generator, a range) is the list of its items.

    Raises:
        TypeError: it has no such form.
    """
    kind = cast("type[Any]", type(value))
    if value is None or issubclass(kind, str):
        return value
    if issubclass(kind, int):
        return int(value)
    if issubclass(kind, float):
        whole = abs(value) < 2.0**53 and abs(value - round(value)) <= 1e-9 * max(1.0, abs(value))
        return round(value) if whole else float(f"{value:.7g}")
    if issubclass(kind, complex):
        return {"complex": [plain(value.real), plain(value.imag)]}
    if issubclass(kind, (bytes, bytearray)):
        return {"bytes": value.hex()}
    if issubclass(kind, dict):
        return {"dict": sorted(([plain(k), plain(v)] for k, v in value.items()), key=json.dumps)}
    if issubclass(kind, (set, frozenset)):
        return {"set": sorted(map(plain, value), key=json.dumps)}
    return [plain(item) for item in value]


def text_of(value: Any) -> str:
    """Return the result of a call as one line."""
    return json.dumps(plain(value), separators=(",", ":"))


def bits_of(text: str) -> int:
    """Return how many bits it takes to guess a result, roughly: 4 for each letter and digit."""
    return 1 if text in ("0", "1", "null") else min(4 * sum(map(str.isalnum, text)) + 1, 64)


def digest(text: str) -> str:
    """Return a digest of a result."""
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def load(request: dict[str, Any], watch: Watch) -> Any:
    """Return the function that the request names, None where it cannot be loaded."""
    module = types.ModuleType("seed")
    sys.modules["seed"] = module
    loaded: list[Any] = []

    def execute() -> None:
        code = compile(request["code"], "seed.py", "exec", dont_inherit=True)
        exec(code, vars(module))
        loaded.append(vars(module)[request["name"]])

    watch.run(execute, LOAD_CPU_S)
    return loaded[0] if loaded else None


def work(request: dict[str, Any], tasks: list[Any], first: int, say: Callable[..., object]) -> None:
    """Load the function, put the tasks from number `first` on to it, and say what it answers."""
    resource.setrlimit(resource.RLIMIT_AS, (CHILD_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    watch = Watch()
    function = load(request, watch)
    if function is None:
        return
    say("loaded")

    def answer(number: int, calls: list[bytes], wanted: list[str]) -> None:
        text = found = ""
        for call, right in zip(calls, wanted, strict=True):
            text = text_of(function(*pickle.loads(call)))
            found = digest(text)
            if found != (right or found):
                return
        say("answer", number, found, bits_of(text))

    for number, (calls, wanted) in enumerate(tasks[first:], first):
        say("begin", number)
        stuck = min(int(time.process_time()) + STUCK_CPU_S, CHILD_CPU_S)
        resource.setrlimit(resource.RLIMIT_CPU, (stuck, CHILD_CPU_S))
        watch.run(lambda: answer(number, calls, wanted))  # noqa: B023
    say("done")


def in_child(work: Callable[[Callable[..., object]], None]) -> list[list[Any]]:
    """Run `work(say)` in a child; return all that it said before it ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            work(lambda *said: os.write(writer, f"{json.dumps(said)}\n".encode()))
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, encoding="ascii") as file:
        lines = file.read().split("\n")
    os.waitpid(child, 0)
    return [json.loads(line) for line in lines if line]


def ask(request: dict[str, Any], tasks: list[Any]) -> dict[str, Any]:
    """Return the report about a function."""
    answers: list[Any] = []
    loaded = finished = False
    first = 0
    for _ in range(MOST_CHILDREN):
        came = False
        for word, *rest in in_child(lambda say: work(request, tasks, first, say)):  # noqa: B023
            came = came or word == "loaded"
            finished = word == "done"
            if word == "begin":
                first = rest[0] + 1
            elif word == "answer":
                answers.append(rest)
        loaded = loaded or came
        if finished or not came:
            break
    return {"loaded": loaded, "finished": finished, "answers": answers}


def main() -> None:
    """Answer the request on stdin."""
    request = json.load(sys.stdin)
    with open("tasks", "rb") as file:
        tasks = pickle.load(file)
    said = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.write(said, b"\n" + json.dumps(ask(request, tasks)).encode("ascii"))


if __name__ == "__main__":
    main()
