"""Calls a seed with the inputs of many tasks and says which digest each task's results have.

The file `probes` is a pickle of `[(arity, [pickled arguments, ...]), ...]`, one entry a task; the
arguments are unpickled anew for each call, so nothing that a call does to them is seen by the next.
A task is answered when each of its calls returned a value that has a digest.

The report's `answers` holds for each task eight characters (the digest as base64), or a dot.
"""

from __future__ import annotations

import base64
import builtins
import mmap
import resource
import signal
import struct
import sys
import time
import types
from collections.abc import Callable
from typing import Any, cast

from veristone_digest import SIZE, NoDigest, combine, digest
from veristone_supervise import Worker, read_request, report

try:
    from _pickle import loads  # pickle itself takes longer to load than most seeds
except ImportError:
    from pickle import loads

# Names of our own, whatever a seed makes of its builtins.
globals().update({name: value for name, value in vars(builtins).items() if name[0] != "_"})

LOAD_CPU_S = 3.0
TASK_CPU_S = 0.05
"""CPU seconds that the calls of a task may take; its own author's solution takes far less."""
HURRIED_CPU_S = 0.005
"""The same, once `WASTED_S` were spent on tasks that took too long."""
WASTED_S = 1.0
WAIT_FACTOR = 20
"""Elapsed seconds for one CPU second: only who sleeps or waits runs out of them."""
STUCK_CPU_S = 2
"""CPU seconds, to one, after which the kernel ends a worker in a call that no signal interrupts."""
WORKER_CPU_S = 10
WORKER_WALL_S = 15.0
MOST_WORKERS = 3

_SLOT = struct.Struct(f"<B{SIZE}s")
_HEAD = struct.Struct("<IB")
_setitimer, _setrlimit = signal.setitimer, resource.setrlimit
_clock, _used = time.monotonic, time.process_time


class Task:
    """What a task asks: so many arguments, and some calls."""

    def __init__(self, arity: int, calls: list[bytes]) -> None:
        self.arity = arity
        self.calls = calls


class TooLong(BaseException):
    """Raised in the middle of a call."""


class Board:
    """Memory that worker and supervisor share: what was answered survives the worker."""

    def __init__(self, tasks: int) -> None:
        self._tasks = tasks
        self._memory = mmap.mmap(-1, _HEAD.size + _SLOT.size * max(tasks, 1))

    def begin(self, task: int) -> None:
        """Note that the seed is loaded and `task` is next."""
        _HEAD.pack_into(self._memory, 0, task, 1)

    def head(self) -> tuple[int, bool]:
        """Return which task was begun last and whether the seed was loaded."""
        task, loaded = _HEAD.unpack_from(self._memory, 0)
        return task, bool(loaded)

    def answer(self, task: int, found: bytes) -> None:
        """Write the answer of a task."""
        _SLOT.pack_into(self._memory, _HEAD.size + _SLOT.size * task, 1, found)

    def answers(self) -> list[bytes | None]:
        """Return the digest of each task's results."""
        found: list[bytes | None] = []
        for task in range(self._tasks):
            given, value = _SLOT.unpack_from(self._memory, _HEAD.size + _SLOT.size * task)
            found.append(value if given else None)
        return found


class Watch:
    """Ends calls that take too long, by CPU time and, with far more room, by the clock."""

    def __init__(self) -> None:
        self._on = False
        self._wasted = 0.0
        self._limit = 0
        signal.signal(signal.SIGPROF, self._ring)
        signal.signal(signal.SIGALRM, self._ring)

    def _ring(self, number: int, frame: object) -> None:
        if self._on:
            raise TooLong

    def run(self, call: Callable[[], None], cpu_s: float | None = None) -> None:
        """Run `call`; what it raises, and that it took too long, is not passed on."""
        limit = cpu_s or (TASK_CPU_S if self._wasted < WASTED_S else HURRIED_CPU_S)
        started = _clock()
        try:
            try:
                self._on = True
                self._set(limit)
                call()
            except TooLong:
                self._wasted += max(limit, (_clock() - started) / WAIT_FACTOR)
            finally:
                self._on = False
        except BaseException:  # what the seed raises, or a bell in the last moment
            self._on = False
        self._set(0)

    def allow(self, cpu_s: int) -> None:
        """Let the kernel end this process after so many CPU seconds from now, to a second."""
        limit = min(int(_used()) + cpu_s, WORKER_CPU_S)
        if limit != self._limit:
            self._limit = limit
            _setrlimit(resource.RLIMIT_CPU, (limit, WORKER_CPU_S))

    @staticmethod
    def _set(limit: float) -> None:
        # Again and again: a call may swallow the first one.
        _setitimer(signal.ITIMER_PROF, limit, limit)
        _setitimer(signal.ITIMER_REAL, limit * WAIT_FACTOR, limit * WAIT_FACTOR)


def fits(function: Any, arity: int) -> bool:
    """True where `function` may be called with `arity` positional arguments."""
    for _ in range(10):
        inner = getattr(function, "__wrapped__", None)
        if inner is None:
            break
        function = inner
    if not isinstance(function, types.FunctionType):
        return callable(function)
    code = function.__code__
    most = code.co_argcount
    least = most - len(function.__defaults__ or ())
    keywords = code.co_varnames[most : most + code.co_kwonlyargcount]
    if any(name not in (function.__kwdefaults__ or {}) for name in keywords):
        return False
    return least <= arity and (arity <= most or bool(code.co_flags & 0x04))  # *args


def value_of(result: Any) -> Any:
    """Return the result of a call; of a coroutine that never waits, what it returns."""
    if isinstance(result, types.CoroutineType):
        coroutine = cast("types.CoroutineType[Any, Any, Any]", result)
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value
        finally:
            coroutine.close()
        raise NoDigest
    return result


def answer_task(function: Any, task: Task, index: int, board: Board) -> None:
    """Make the calls of a task, and write its answer if all of them return."""
    found: list[bytes] = []
    for arguments in task.calls:
        value, _ = digest(value_of(function(*loads(arguments))))
        found.append(value)
    board.answer(index, combine(found))


def work(
    request: dict[str, Any],
    tasks: list[Task],
    first: int,
    board: Board,
    say: Callable[[str], None],
) -> None:
    """Load the seed, answer the tasks from number `first` on, and say so."""
    resource.setrlimit(resource.RLIMIT_CPU, (WORKER_CPU_S, WORKER_CPU_S))
    watch = Watch()
    module = types.ModuleType("seed")
    sys.modules["seed"] = module
    namespace = vars(module)
    loaded: list[Any] = []

    def load() -> None:
        exec(compile(request["code"], "seed.py", "exec", dont_inherit=True), namespace)
        loaded.append(namespace[request["name"]])

    watch.run(load, LOAD_CPU_S)
    if not loaded:
        return
    function = loaded[0]
    arities: dict[int, bool] = {}

    def classify() -> None:
        for arity in range(10):
            arities[arity] = fits(function, arity)

    watch.run(classify)
    for index in range(first, len(tasks)):
        task = tasks[index]
        if arities.get(task.arity):
            board.begin(index)
            watch.allow(STUCK_CPU_S)
            watch.run(lambda: answer_task(function, task, index, board))  # noqa: B023
    board.begin(len(tasks))
    say("done")


def main() -> None:
    """Answer the request on stdin."""
    request = read_request()
    with open("probes", "rb") as file:
        tasks = [Task(*each) for each in loads(file.read())]
    board = Board(len(tasks))
    first = workers = 0
    while first < len(tasks) and workers < MOST_WORKERS:
        workers += 1
        worker = Worker(lambda say: work(request, tasks, first, board, say))  # noqa: B023
        next(worker.lines(WORKER_WALL_S), None)
        worker.end()
        begun, loaded = board.head()
        if not loaded:
            break
        first = begun if begun >= len(tasks) else begun + 1
    report(
        {
            "loaded": board.head()[1],
            "finished": first >= len(tasks),
            "answers": "".join(
                base64.b64encode(each).decode() if each else "." for each in board.answers()
            ),
        }
    )


if __name__ == "__main__":
    main()
