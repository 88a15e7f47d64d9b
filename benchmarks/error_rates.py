"""How often an accepted solution is right, by what is asked before it is accepted.

    python -m benchmarks error_rates [--size N] [--tests N]
    python -m benchmarks error_rates --suites FILE [--tests N]

CodeGen-16B's solutions and tests for 82 HumanEval tasks (microsoft/CodeT, MIT): `--size` solutions
of each task (default 10), each with one to three asserts that the model wrote, as a self-aligning
model would have written them. Whoever accepts sees those asserts only. What is right is said by
HumanEval+, whose tests neither the model nor the rules have seen.

Precision is the share of the accepted that are right, recall the share of the right that are
accepted, yield the share of all that is accepted. The last rows are CodeT's (arXiv 2207.10397): one
solution for each task, drawn or chosen by agreement on `--tests` (default 100) of the model's
asserts.

With `--suites` nothing is measured: the canonical solution of each task and the first `--tests`
asserts of the model become a sample in FILE, for `veristone audit`.
"""

import argparse
import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.record import machine, rows_of, write
from benchmarks.selection import DATA, asserts_of, pairs, written
from veristone import AssertsCheck, Decision, Limits, ProgramCheck, Sample, Verdict
from veristone.audit.matrix import Question, fill
from veristone.cli.display import print_table
from veristone.engine import Engine, EngineConfig
from veristone.files import write_whole
from veristone.training.evaluation.datasets import load_dataset
from veristone.training.evaluation.runner import limits_for, sample_for
from veristone.training.evaluation.samples import Candidate

__all__ = ["main"]

_LIMITS = Limits(cpu_s=2.0)
"""No task of HumanEval takes a right solution as long; many wrong ones loop for ever."""
_KILLED = 0.5


class Written(NamedTuple):
    """A response, and the task that it answers."""

    task: str
    code: str
    tests: str


async def main(arguments: list[str]) -> None:
    """Run everything and print it."""
    options = _options(arguments)
    if options.suites is not None:
        _write_suites(options.data, options.suites, options.tests)
        return
    record: dict[str, object] = {"size": options.size, "tests": options.tests, **machine()}
    responses = [
        Written(one.record.id.partition("-0/")[0], one.record.code, one.record.tests)
        for one in pairs(options.data, 1, options.size)
    ]
    started = time.monotonic()
    async with Engine(EngineConfig(backend=options.backend)) as engine:
        right = await _truth(engine, options.data, responses)
        accepted = await _accepted(engine, responses)
        chosen, by_chance = await _codet(engine, options, responses, right)
    rows = {name: _figures(found, right) for name, found in accepted.items()}
    record |= {
        "responses": len(responses),
        "right": sum(right),
        "rules": rows,
        "pass_at_1": {"drawn": by_chance, "chosen by agreement": chosen},
        "seconds": round(time.monotonic() - started, 1),
    }
    print_table(
        ["accepted where", ">accepted", ">precision", ">recall", ">yield"],
        [
            (name, str(row["accepted"]), *(f"{100 * row[key]:.1f} %" for key in _SHARES))
            for name, row in rows.items()
        ],
        title=f"{len(responses)} responses, {sum(right)} of them right by HumanEval+",
    )
    print(f"one solution a task: drawn {by_chance:.1%} right, by agreement {chosen:.1%}")
    print(f"record: {write('error_rates', record)}")


_SHARES = ("precision", "recall", "yield")


def _figures(accepted: Sequence[bool], right: Sequence[bool]) -> dict[str, float]:
    both = sum(a and r for a, r in zip(accepted, right, strict=True))
    return {
        "accepted": sum(accepted),
        "precision": round(both / max(1, sum(accepted)), 4),
        "recall": round(both / max(1, sum(right)), 4),
        "yield": round(sum(accepted) / len(accepted), 4),
    }


async def _judged(engine: Engine, samples: Sequence[Sample]) -> list[Verdict]:
    return [verdict async for verdict in engine.verify_stream(samples)]


def _passed(verdicts: Sequence[Verdict]) -> list[bool]:
    return [verdict.decision is Decision.PASS for verdict in verdicts]


async def _truth(engine: Engine, data: Path, responses: Sequence[Written]) -> list[bool]:
    dataset = load_dataset(data / "humanevalplus.jsonl.gz", "humaneval+")
    tasks = {task.entry_point: task for task in dataset.tasks.values()}
    candidates = [Candidate(tasks[one.task].task_id, one.code) for one in responses]
    samples = [sample_for(candidate, dataset, limits_for()) for candidate in candidates]
    return _passed(await _judged(engine, samples))


async def _accepted(engine: Engine, responses: Sequence[Written]) -> dict[str, list[bool]]:
    """Return for each rule which responses it accepts."""
    bare = ProgramCheck(must_reach_end=False)
    status = [
        Sample(code=f"{one.code}\n{one.tests}", check=bare, limits=_LIMITS) for one in responses
    ]
    suites = [
        Sample(
            code=one.code,
            check=AssertsCheck(tests=one.tests, strength="mutants"),
            limits=_LIMITS,
        )
        for one in responses
    ]
    verdicts = await _judged(engine, suites)
    passed = _passed(verdicts)
    sound = [one.strength is not None and not one.strength.vacuous for one in verdicts]
    strong = [
        one.strength is not None and one.strength.killed >= _KILLED * one.strength.mutants
        for one in verdicts
    ]
    return {
        "exit status 0 (as the papers do)": _passed(await _judged(engine, status)),
        "every test ran and passed": passed,
        "and no stub passes": [a and b for a, b in zip(passed, sound, strict=True)],
        "and half of the mutants fail": [
            a and b and c for a, b, c in zip(passed, sound, strong, strict=True)
        ],
    }


async def _codet(
    engine: Engine,
    options: argparse.Namespace,
    responses: Sequence[Written],
    right: Sequence[bool],
) -> tuple[float, float]:
    """Return the share of tasks whose chosen solution is right, and of those drawn."""
    by_task: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(responses):
        by_task[one.task].append(at)
    tests = _asserts(options.data, options.tests)
    gate = asyncio.Semaphore(2 * engine.config.sandboxes)

    async def best(task: str) -> float:
        members = by_task[task]
        question = Question(
            id=task,
            solutions=[responses[at].code for at in members],
            tests=tests[task],
            limits=_LIMITS,
        )
        async with gate:
            found = await fill(question, engine)
        if not found.groups:
            return statistics.fmean(right[at] for at in members)
        return statistics.fmean(right[members[at]] for at in found.groups[0].solutions)

    chosen = await asyncio.gather(*map(best, by_task))
    drawn = [statistics.fmean(right[at] for at in members) for members in by_task.values()]
    return round(statistics.fmean(chosen), 4), round(statistics.fmean(drawn), 4)


def _asserts(data: Path, most: int) -> dict[str, list[str]]:
    """Return for each function the first asserts that the model wrote of it, without repeats."""
    return {
        name: list(dict.fromkeys(asserts_of(tests, name)))[:most]
        for name, (_, _, tests) in written(data).items()
    }


def _write_suites(data: Path, file: Path, tests: int) -> None:
    tasks = {row["entry_point"]: row for row in rows_of(data / "humaneval.jsonl.gz")}
    samples = [
        Sample(
            id=tasks[name]["task_id"],
            code=tasks[name]["prompt"] + tasks[name]["canonical_solution"],
            check=AssertsCheck(tests="".join(asserts)),
            limits=_LIMITS,
        )
        for name, asserts in _asserts(data, tests).items()
    ]
    write_whole(file, b"".join(msgspec.json.encode(sample) + b"\n" for sample in samples))


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks error_rates", description=__doc__)
    parser.add_argument("--size", type=int, default=10)
    parser.add_argument("--tests", type=int, default=100)
    parser.add_argument("--suites", type=Path, metavar="FILE")
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--data", type=Path, default=DATA)
    return parser.parse_args(arguments)
