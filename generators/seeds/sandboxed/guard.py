"""What every seed is asked: a few calls of each benchmark task, and the answers that give it away.

Made once a run, in the sandbox: the tasks' own solutions are run on the benchmark's inputs, and
calls are chosen whose answers cannot be guessed. Tasks that a trivial function solves are left out.
Only digests of answers come back (`harness/behaviour_main.py`).
"""

import math
import pickle
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from veristone import Limits, Sample, SandboxFailure, Verdict, Verifier
from veristone.generators.seeds.sandboxed.runs import read_report, sample_of
from veristone.generators.seeds.sandboxed.tasks import Task

__all__ = [
    "Answer",
    "Answers",
    "Guard",
    "Guarded",
    "ask",
    "borrow",
    "build",
    "choose",
    "expressions",
    "information",
]

OWN_CALLS = 12
"""Calls of a task's own tests that are made, at most. A seed must answer all of them as the task's
solution does; nearly every seed fails at the first, so more calls cost little."""
MOST_CALLS = 24
"""Calls of one task: where each answer is one bit, so many are needed."""
ENOUGH_BITS = 16
"""What it must take to guess a task's answers; see `information`."""
BORROWED = 32
"""Inputs of other tasks that a task's solution is run on as well, see `borrow`."""
_LIMITS = Limits(cpu_s=40.0, wall_s=90.0)
"""The children of `harness/behaviour_main.py` fit in."""


class Guarded(msgspec.Struct, frozen=True):
    """A task that seeds are compared with."""

    name: str
    """`HumanEval/13 (greatest_common_divisor)`."""
    calls: list[bytes]
    """Pickled arguments."""
    answers: list[str]
    """Digest of the right result of each call."""


class Guard(msgspec.Struct, frozen=True):
    """The tasks of a recipe's benchmarks."""

    tasks: list[Guarded]
    unguarded: dict[str, str]
    """Tasks that seeds are not compared with, by name, and why: `no_calls` (no solution or no
    literal arguments), `no_answers` (its solution does not run in the sandbox, or returns nothing
    that can be compared), `guessable` (too few different answers), `trivial`."""


class Answer(NamedTuple):
    """What a function returned."""

    digest: str
    bits: int
    """What it takes to guess it."""


class Answers(msgspec.Struct):
    """What `harness/behaviour_main.py` reports."""

    loaded: bool
    finished: bool
    answers: list[tuple[int, str, int]]
    """Number of the question, then the last call's `Answer`."""


def ask(id: str, code: str, name: str, tasks: Iterable[tuple[list[bytes], list[str]]]) -> Sample:
    """Return the program that calls the function `name` of `code`.

    Args:
        id: of the sample.
        code: Python.
        name: of the function.
        tasks: pickled arguments of calls, and digests of the right results; empty for any.
    """
    files = {"tasks": pickle.dumps(list(tasks), protocol=4)}
    return sample_of("behaviour_main.py", id, {"code": code, "name": name}, _LIMITS, files)


async def build(tasks: Sequence[Task | str], verifier: Verifier) -> Guard:
    """Return the questions about `tasks` (a name stands for one that cannot be run).

    Raises:
        SandboxFailure: the verifier could not decide about a solution; nothing is built then.
    """
    unguarded = {task: "no_calls" for task in tasks if isinstance(task, str)}
    runnable = [task for task in tasks if isinstance(task, Task)]
    calls = [[*task.calls, *more] for task, more in zip(runnable, borrow(runnable), strict=True)]
    samples = (
        ask(task.name, task.program, task.entry_point, [([call], [""]) for call in some])
        for task, some in zip(runnable, calls, strict=True)
    )
    guarded: list[Guarded] = []
    verdicts = [verdict async for verdict in verifier.verify_stream(samples)]
    for task, some, verdict in zip(runnable, calls, verdicts, strict=True):
        answers = _answers(task.name, verdict)
        chosen = choose(answers, task.own)
        if not chosen:
            unguarded[task.name] = "guessable" if answers else "no_answers"
            continue
        right = [answers[number].digest for number in chosen]
        guarded.append(Guarded(task.name, [some[n] for n in chosen], right))
    trivial = await _trivial(guarded, verifier)
    unguarded |= {task.name: "trivial" for task in trivial}
    return Guard([task for task in guarded if task not in trivial], unguarded)


async def _trivial(tasks: Sequence[Guarded], verifier: Verifier) -> list[Guarded]:
    """Return the tasks that a trivial function solves."""
    questions = [(task.calls, task.answers) for task in tasks]
    samples = (
        ask(each, f"def f({parameters}):\n    return {each}", "f", questions)
        for parameters, each in expressions()
    )
    solved: set[int] = set()
    async for verdict in verifier.verify_stream(samples):
        solved.update(_answers("a trivial function", verdict))
    return [tasks[number] for number in sorted(solved)]


def expressions() -> Iterator[tuple[str, str]]:
    """Yield the trivial functions of `trivial.toml`: parameters and a Python expression of them
    (`("a, b", "a + b")`), namely arguments handed back, one operator, one built-in or one method.

    A task that one of these solves is solved by half of all programs, and no reason to reject one.
    StarCoder2's seed filter had four such solutions on an allow list. None takes long, whatever the
    arguments: powers are tried for small numbers only.
    """
    path = Path(__file__).with_name("trivial.toml")
    for parameters, listed in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for each in re.split("[;\n]", listed.strip()):
            yield parameters, each.strip()


def _answers(who: str, verdict: Verdict) -> dict[int, Answer]:
    """Return what a program of ours answered, by the number of the question."""
    report = read_report(verdict, Answers)
    if isinstance(report, Answers):
        return {number: Answer(digest, bits) for number, digest, bits in report.answers}
    if report.reason == "undecided":
        raise SandboxFailure(f"{who} could not be run: {report.detail}")
    return {}


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


def choose(answers: Mapping[int, Answer], own: int) -> list[int]:
    """Choose the calls of a task, empty where its answers can be guessed.

    The benchmark's own calls first, whose answers every solution gives. Where these are not worth
    `ENOUGH_BITS`, others are added.

    Args:
        answers: by the number of the call; those that returned something.
        own: how many of the calls, from the first, are the benchmark's own.
    """
    mine = _varied([number for number in answers if number < own], answers)
    others = _varied([number for number in answers if number >= own], answers)
    chosen = mine[:OWN_CALLS]
    for number in [*mine[OWN_CALLS:], *others][: MOST_CALLS - len(chosen)]:
        if information([answers[each] for each in chosen]) >= ENOUGH_BITS:
            break
        chosen.append(number)
    enough = information([answers[each] for each in chosen]) >= ENOUGH_BITS
    return sorted(chosen) if enough else []


def _varied(numbers: Sequence[int], answers: Mapping[int, Answer]) -> list[int]:
    """Bring different answers to the front: each one's first call, then each one's second."""
    seen: Counter[str] = Counter()
    turns: list[tuple[int, int]] = []
    for number in numbers:
        turns.append((seen[answers[number].digest], number))
        seen[answers[number].digest] += 1
    return [number for _, number in sorted(turns)]


def information(answers: Sequence[Answer]) -> float:
    """Return how many bits it takes to guess answers and their order.

    Those of the different answers, and the logarithm of the multinomial coefficient: ten times
    False and once True is little evidence, five times each is more. 0 where all are the same.
    """
    counts = Counter(answer.digest for answer in answers)
    if len(counts) < 2:
        return 0.0
    order = math.lgamma(len(answers) + 1) - sum(math.lgamma(n + 1) for n in counts.values())
    return sum({answer.digest: answer.bits for answer in answers}.values()) + order / math.log(2)
