"""What every seed is asked: a few calls of each benchmark task, and the answers that give it away.

Made once per recipe, in the sandbox: the tasks' own solutions are run on the benchmark's inputs;
calls are chosen whose answers cannot be guessed; tasks that a trivial function answers are left
out. Only digests of answers come back (`harness/veristone_digest.py`).
"""

import base64
import functools
import hashlib
import math
import pickle
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from veristone import Limits, SandboxFailure, Verifier
from veristone.generators.seeds.sandboxed.runs import Asked, Program, run_all
from veristone.generators.seeds.sandboxed.tasks import Task
from veristone.generators.seeds.sandboxed.trivial import expressions

__all__ = [
    "PROGRAM",
    "Guard",
    "Guarded",
    "Questions",
    "answers_of",
    "borrow",
    "build_guard",
    "choose",
    "information",
]

PROGRAM = Program("behaviour_main.py", ("veristone_supervise.py", "veristone_digest.py"))
LIMITS = Limits(cpu_s=40.0, wall_s=90.0)
"""The workers of `harness/behaviour_main.py` and their supervisor fit in."""
MOST_CALLS = 24
"""Calls of one task: where each answer is one bit, so many are needed."""
BORROWED = 32
"""Inputs of other tasks that a task's solution is run on as well, see `borrow`."""
TASKS_PER_SAMPLE = 1600
"""Tasks whose answers fit into what a verdict keeps of stdout, 16 KiB."""
_DIGEST = 8
_LINE = re.compile(r"(?P<digest>[A-Za-z0-9+/]{8}) (?P<bits>\d{1,2}) (?P<trivial>[0-9a-f]{1,99})")


class Guarded(msgspec.Struct, frozen=True):
    """A task that seeds are compared with."""

    id: str
    entry_point: str
    arity: int
    calls: list[bytes]
    answer: str
    """Digest of the results of all calls, as the harness reports it."""


class Guard(msgspec.Struct, frozen=True):
    """The tasks of a recipe's benchmarks."""

    tasks: list[Guarded]
    unguarded: dict[str, str]
    """Tasks that seeds are not compared with, by id, and why: `no_calls` (no solution or no
    literal arguments), `no_answers` (its solution does not run in the sandbox, or returns nothing
    that can be compared), `guessable` (too few different answers), `trivial`."""


class Answers(msgspec.Struct):
    """What `harness/behaviour_main.py` reports. Hostile; `answers_of` reads it."""

    loaded: bool = False
    finished: bool = False
    answers: str = ""


class Questions:
    """Tasks in the form in which they are sent with a program."""

    def __init__(self, tasks: Sequence[tuple[int, Sequence[bytes]]]) -> None:
        self._files = {"probes": pickle.dumps([(a, list(c)) for a, c in tasks], protocol=4)}

    def ask(self, id: str, code: str, name: str) -> Asked:
        """Return the program that puts the questions to the function `name` of `code`."""
        return PROGRAM.ask(id, {"code": code, "name": name}, LIMITS, self._files)


def answers_of(text: str, count: int) -> list[str] | None:
    """Return the digest for each of `count` tasks, empty where it has none.

    None where the text is not what the harness writes.
    """
    found: list[str] = []
    position = 0
    while position < len(text) and len(found) < count:
        size = 1 if text[position] == "." else _DIGEST
        found.append("" if size == 1 else text[position : position + size])
        position += size
    return found if position == len(text) and len(found) == count else None


async def build_guard(
    tasks: Sequence[Task | str], verifier: Verifier, *, probes: int, bits: int
) -> Guard:
    """Return the questions about `tasks` (an id stands for a task that cannot be run).

    Args:
        tasks: in the order of the benchmarks' files.
        verifier: runs their solutions.
        probes: calls of a task's own tests to make, at most.
        bits: what it must take to guess all answers of a task; see `digest`.

    Raises:
        SandboxFailure: the verifier could not decide about a solution; nothing is built then.
    """
    runnable = [task for task in tasks if isinstance(task, Task)]
    unguarded = {task: "no_calls" for task in tasks if isinstance(task, str)}
    guarded: list[Guarded] = []
    async for task, calls, answers in _solve(runnable, verifier):
        chosen, fault = choose(answers, task.own, probes, bits)
        if fault:
            unguarded[task.id] = fault
            continue
        guarded.append(
            Guarded(
                id=task.id,
                entry_point=task.entry_point,
                arity=task.arity,
                calls=[calls[index] for index in chosen],
                answer=combine([answers[index].digest for index in chosen]),
            )
        )
    return Guard(guarded, unguarded)


def borrow(tasks: Sequence[Task]) -> list[list[bytes]]:
    """Return for each task some inputs of others whose arguments are of the same kinds.

    Three assertions, as MBPP has them, are often too few to tell a solution from another function;
    its own solution says what it answers to more. Inputs that a task never meant are among them:
    where a solution treats those differently, it is missed.
    """
    pool: dict[str, dict[bytes, None]] = {}
    for task in tasks:
        for shape, call in list(zip(task.shapes, task.calls, strict=True))[:2]:
            pool.setdefault(shape, {})[call] = None
    borrowed: list[list[bytes]] = []
    for task in tasks:
        shared = [call for call in pool[task.shapes[0]] if call not in task.calls]
        step = max(1, len(shared) // BORROWED)
        borrowed.append(shared[::step][:BORROWED])
    return borrowed


def combine(digests: Sequence[str]) -> str:
    """Return the digest of the results of several calls, as the harness makes it."""
    joined = b"".join(map(base64.b64decode, digests))
    return base64.b64encode(hashlib.blake2b(joined, digest_size=6).digest()).decode()


class Answer(NamedTuple):
    """What a solution answers to one call."""

    digest: str = ""
    """Empty where it does not return, or nothing that has a digest."""
    bits: int = 0
    """What it takes to guess it."""
    trivial: int = 0
    """Mask of the trivial functions that answer the same."""


class Choice(NamedTuple):
    """Calls, by index, ascending; or why they cannot tell a solution from other functions."""

    calls: list[int]
    fault: str = ""


def choose(answers: Sequence[Answer], own: int, probes: int, enough: int) -> Choice:
    """Choose the calls of a task.

    The benchmark's own calls first, whose answers every solution gives. Where these are not worth
    `enough` bits, or a trivial function answers all of them, others are added.

    Args:
        answers: of each call.
        own: how many of the calls, from the first, are the benchmark's own.
        probes: how many of its own to make; different answers have precedence.
        enough: bits.
    """
    answered = [index for index, answer in enumerate(answers) if answer.digest]
    if not answered:
        return Choice([], "no_answers")
    seen: Counter[str] = Counter()
    turns: list[tuple[bool, int]] = []
    for index in answered:
        if index < own:
            turns.append((answers[index].digest in seen, index))
            seen[answers[index].digest] += 1
    chosen = [index for _, index in sorted(turns)[:probes]]
    others = [index for index in answered if index not in chosen]
    worth = {answer.digest: answer.bits for answer in answers}

    def trivial() -> int:
        return functools.reduce(lambda mask, i: mask & answers[i].trivial, chosen, -1)

    def used() -> Counter[str]:
        return Counter(answers[index].digest for index in chosen)

    while (
        others and len(chosen) < MOST_CALLS and (trivial() or information(used(), worth) < enough)
    ):
        mask, counts = trivial(), used()
        index = min(
            others,
            key=lambda i: ((mask & answers[i].trivial).bit_count(), counts[answers[i].digest], i),
        )
        others.remove(index)
        chosen.append(index)
    if trivial():
        return Choice([], "trivial")
    if information(used(), worth) < enough:
        return Choice([], "guessable")
    return Choice(sorted(chosen))


def information(used: Mapping[str, int], worth: Mapping[str, int]) -> float:
    """Return how many bits it takes to guess answers that occur so many times each.

    Those of the different answers, and those of their order: the logarithm of the multinomial
    coefficient. So ten times False and once True is little evidence, five times each is more. 0
    where all answers are the same.
    """
    if len(used) < 2:
        return 0.0
    order = math.lgamma(sum(used.values()) + 1) - sum(math.lgamma(n + 1) for n in used.values())
    return sum(worth[answer] for answer in used) + order / math.log(2)


class _Answers(msgspec.Struct):
    answers: list[str] = []


class _Solved(NamedTuple):
    task: Task
    calls: list[bytes]
    """Borrowed ones included."""
    answers: list[Answer]


async def _solve(tasks: Sequence[Task], verifier: Verifier) -> AsyncIterator[_Solved]:
    """Run the solution of each task."""
    calls = [[*task.calls, *more] for task, more in zip(tasks, borrow(tasks), strict=True)]

    def ask(number: int) -> Asked:
        task = tasks[number]
        request = {
            "code": task.program,
            "name": task.entry_point,
            "arity": task.arity,
            "trivial": expressions(task.arity),
        }
        files = {"probes": pickle.dumps(calls[number], protocol=4)}
        return PROGRAM.ask(task.id, request, LIMITS, files)

    async for number, run in run_all(verifier, range(len(tasks)), ask):
        undecided = run.undecided()
        if undecided is not None:
            name = tasks[number].id
            raise SandboxFailure(f"the solution of {name} could not be run: {undecided.detail}")
        report = run.report(_Answers)
        answers = [_answer(row) for row in report.answers] if report else []
        yield _Solved(tasks[number], calls[number], answers)


def _answer(row: str) -> Answer:
    """Return what the oracle said of one call; nothing where it said something else."""
    said = _LINE.fullmatch(row)
    if said is None:
        return Answer()
    return Answer(said["digest"], int(said["bits"]), int(said["trivial"], 16))
