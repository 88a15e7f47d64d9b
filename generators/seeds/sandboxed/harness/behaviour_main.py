"""Calls a seed with the inputs of many tasks and says which digest each task's results have.

The file `probes` is a pickle of `[(arity, [pickled arguments, ...]), ...]`, one entry a task; the
arguments are unpickled anew for each call, so nothing that a call does to them is seen by the next.
A task is answered when each of its calls returned a value that has a digest. The report's `answers`
holds for each task eight characters (the digest as base64), or a dot.

With `trivial` in the request the code is a task's own solution, and each of its calls an entry of
its own: the report has for each call the digest of the answer, its bits, and a mask of the trivial
functions that give the same. Trusted code, but under the same limits as seeds: what takes a
solution too long is nothing to ask of others.
"""

from __future__ import annotations

import base64
import builtins
import resource
import signal
import sys
import time
import types
from collections.abc import Callable
from typing import Any, cast

from veristone_digest import NoDigest, combine, digest
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
SOLUTION_WALL_S = 60.0
MOST_WORKERS = 3

TRIVIAL_CPU_S = 1.0
"""CPU seconds for all trivial functions on one call; they take a few hundredths of it."""
_setitimer, _setrlimit = signal.setitimer, resource.setrlimit
_clock, _used = time.monotonic, time.process_time


class TooLong(BaseException):
    """Raised in the middle of a call."""


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


def encoded(found: bytes) -> str:
    """Return a digest in eight characters."""
    return base64.b64encode(found).decode()


def answer(function: Any, calls: list[bytes]) -> str:
    """Make the calls of a task; return the digest of their results."""
    return encoded(combine([digest(value_of(function(*loads(each))))[0] for each in calls]))


def load(request: dict[str, Any], watch: Watch) -> Any:
    """Return the function that the request names, None where it cannot be loaded."""
    module = types.ModuleType("seed")
    sys.modules["seed"] = module
    namespace = vars(module)
    loaded: list[Any] = []

    def execute() -> None:
        exec(compile(request["code"], "seed.py", "exec", dont_inherit=True), namespace)
        loaded.append(namespace[request["name"]])

    watch.run(execute, LOAD_CPU_S)
    return loaded[0] if loaded else None


def work(request: dict[str, Any], tasks: list[Any], first: int, say: Callable[[str], None]) -> None:
    """Load the seed, answer the tasks from number `first` on, and say so."""
    resource.setrlimit(resource.RLIMIT_CPU, (WORKER_CPU_S, WORKER_CPU_S))
    watch = Watch()
    function = load(request, watch)
    if function is None:
        return
    say("loaded")
    arities: dict[int, bool] = {}
    watch.run(lambda: arities.update({arity: fits(function, arity) for arity in range(10)}))
    for index in range(first, len(tasks)):
        arity, calls = tasks[index]
        if arities.get(arity):
            say(f"begin {index}")
            watch.allow(STUCK_CPU_S)
            watch.run(lambda: say(f"answer {index} {answer(function, calls)}"))  # noqa: B023
    say("done")


def solve(request: dict[str, Any], calls: list[bytes], say: Callable[[str], None]) -> None:
    """Say the solution's answer to each call, or a dot."""
    watch = Watch()
    solution = load(request, watch)
    parameters = ", ".join("abcdefghij"[: request["arity"]])
    trivial = [eval(f"lambda {parameters}: {each}") for each in request["trivial"]]
    for call in calls:
        said: list[str] = []

        def own(call: bytes = call, said: list[str] = said) -> None:
            found, bits = digest(value_of(solution(*loads(call))))
            said.extend((encoded(found), str(bits)))

        watch.run(own)
        if said:
            said.append(f"{agreeing(trivial, call, said[0], watch):x}")
        say(" ".join(said) if len(said) == 3 else ".")


def agreeing(trivial: list[Any], call: bytes, wanted: str, watch: Watch) -> int:
    """Return the mask of those functions whose answer has the digest `wanted`."""
    same: list[int] = []

    def compare() -> None:
        for number, function in enumerate(trivial):
            try:
                if encoded(digest(function(*loads(call)))[0]) == wanted:
                    same.append(number)
            except Exception:  # it does not fit these arguments
                continue

    watch.run(compare, TRIVIAL_CPU_S)
    return sum(1 << number for number in same)


def ask_seed(request: dict[str, Any], tasks: list[Any]) -> dict[str, Any]:
    """Return the report about a seed. A call that ends its worker costs its task alone."""
    answers = ["."] * len(tasks)
    loaded = finished = False
    first = 0
    for _ in range(MOST_WORKERS):
        worker = Worker(lambda say: work(request, tasks, first, say))  # noqa: B023
        came = False
        for line in worker.lines(WORKER_WALL_S):
            word, *rest = line.split(" ")
            came = came or word == "loaded"
            finished = word == "done"
            if word == "begin":
                first = int(rest[0]) + 1
            elif word == "answer":
                answers[int(rest[0])] = rest[1]
            if finished:
                break
        worker.end()
        loaded = loaded or came
        if finished or not came:
            break
    return {"loaded": loaded, "finished": finished, "answers": "".join(answers)}


def ask_solution(request: dict[str, Any], calls: list[bytes]) -> dict[str, Any]:
    """Return the report about a task's solution."""
    worker = Worker(lambda say: solve(request, calls, say))
    answers: list[str] = []
    for line in worker.lines(SOLUTION_WALL_S):
        answers.append(line)
        if len(answers) == len(calls):
            break
    worker.end()
    return {"answers": answers}


def main() -> None:
    """Answer the request on stdin."""
    request = read_request()
    with open("probes", "rb") as file:
        probes = loads(file.read())
    report((ask_solution if "trivial" in request else ask_seed)(request, probes))


if __name__ == "__main__":
    main()
