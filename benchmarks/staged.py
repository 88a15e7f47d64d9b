"""What staged runs cost in accuracy: the first calls first, and an end at the first failure.

    python -m benchmarks staged [--size N]

The answers are CodeGen-16B's to 81 HumanEval tasks (`--size` of each, default 5; microsoft/CodeT,
MIT) and StarCoder2-15B-Instruct's to all 164. Each is judged by HumanEval+ twice: all its calls in
one run, and in stages, as `veristone eval` does it. From the first run follows what would have
been accepted by the first calls alone; the second says what stages spare, and what they change: no
decision, but the share of the calls that a wrong answer passes (its partial credit).
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import msgspec

from benchmarks.record import machine, write
from benchmarks.selection import DATA, pairs
from veristone import Decision, FunctionCheck, Sample, Verdict
from veristone.cli.display import print_table
from veristone.engine import Engine, EngineConfig
from veristone.training.evaluation.datasets import Dataset, load_dataset
from veristone.training.evaluation.runner import limits_for, sample_for
from veristone.training.evaluation.samples import Candidate, load_candidates

__all__ = ["main"]

_FIRST = (1, 2, 4, 16)
_STARCODER = "starcoder2_instruct_humaneval_samples.jsonl.gz"


class _Row(NamedTuple):
    """What a rule accepts."""

    rule: str
    calls: float
    """Mean number of calls that it looks at."""
    accepted: int
    right: int
    """Of the accepted, by all calls."""


async def main(arguments: list[str]) -> None:
    """Judge everything twice, print the table and write a record."""
    options = _options(arguments)
    dataset = load_dataset(options.data / "humanevalplus.jsonl.gz", "humaneval+")
    answers = _answers(options.data, dataset, options.size)
    async with Engine(EngineConfig(backend=options.backend)) as engine:
        # Once before, so that neither way pays for the references.
        golds = [Candidate(task.task_id, task.reference) for task in dataset.tasks.values()]
        await _judged(engine, [_sample(gold, dataset, staged=True) for gold in golds])
        whole = await _judged(engine, [_sample(one, dataset, staged=False) for one in answers])
        staged = await _judged(engine, [_sample(one, dataset, staged=True) for one in answers])
    base = [len(dataset.tasks[one.task_id].base_input) for one in answers]
    rows = [
        _row(f"the first {number}" if number > 1 else "the first", whole, _most(whole, number))
        for number in _FIRST
    ]
    rows += [
        _row("base tests", whole, base),
        _row("base and plus tests", whole, [len(verdict.tests) for verdict in whole]),
    ]
    ways = {"all at once": whole, "in stages": staged}
    differ = sum(a.decision != b.decision for a, b in zip(whole, staged, strict=True))
    cpu_s = {name: round(sum(v.usage.cpu_s for v in each), 1) for name, each in ways.items()}
    credit = {name: round(_credit(each), 4) for name, each in ways.items()}
    print_table(
        ["judged by its calls", ">calls", ">accepted", ">of them right", ">wrong refused"],
        [_shown(row, whole) for row in rows],
        title=f"{len(answers)} answers, {rows[-1].right} of them right",
    )
    print(f"decisions that stages change: {differ}")
    for name in ways:
        print(f"{name}: {cpu_s[name]} CPU s; wrong answers pass {credit[name]:.1%} of their calls")
    record = {
        **machine(),
        "answers": len(answers),
        "rules": [row._asdict() for row in rows],
        "decisions_changed": differ,
        "cpu_s": cpu_s,
        "credit_of_wrong": credit,
    }
    print(f"record: {write('staged', record)}")


def _answers(data: Path, dataset: Dataset, size: int) -> list[Candidate]:
    """Return the answers of both models."""
    ids = {task.entry_point: task.task_id for task in dataset.tasks.values()}
    weak = [
        Candidate(ids[one.record.id.partition("-0/")[0]], one.record.code)
        for one in pairs(data, 1, size)
    ]
    return [*weak, *load_candidates(data / _STARCODER, dataset.tasks).candidates]


def _sample(answer: Candidate, dataset: Dataset, *, staged: bool) -> Sample:
    sample = sample_for(answer, dataset, limits_for())
    if staged:
        return sample
    assert isinstance(sample.check, FunctionCheck)
    check = msgspec.structs.replace(sample.check, stages=[])
    return msgspec.structs.replace(sample, check=check, id="")


async def _judged(engine: Engine, samples: Sequence[Sample]) -> list[Verdict]:
    return [verdict async for verdict in engine.verify_stream(samples)]


def _most(verdicts: Sequence[Verdict], number: int) -> list[int]:
    return [min(number, len(verdict.tests)) for verdict in verdicts]


def _row(rule: str, verdicts: Sequence[Verdict], looked_at: Sequence[int]) -> _Row:
    accepted = [
        verdict
        for verdict, most in zip(verdicts, looked_at, strict=True)
        if verdict.tests and all(test.passed for test in verdict.tests[:most])
    ]
    return _Row(rule, fmean(looked_at), len(accepted), sum(map(_right, accepted)))


def _right(verdict: Verdict) -> bool:
    return verdict.decision is Decision.PASS


def _shown(row: _Row, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    wrong = len(verdicts) - sum(map(_right, verdicts))
    refused = 1 - (row.accepted - row.right) / max(1, wrong)
    share: Callable[[float], str] = "{:.1%}".format
    right = share(row.right / max(1, row.accepted))
    return row.rule, f"{row.calls:.0f}", str(row.accepted), right, share(refused)


def _credit(verdicts: Sequence[Verdict]) -> float:
    """Return the mean share of its calls that a wrong answer passes."""
    wrong = [verdict for verdict in verdicts if not _right(verdict)]
    return fmean(verdict.passed / max(1, verdict.total) for verdict in wrong)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks staged", description=__doc__)
    parser.add_argument("--size", type=int, default=5)
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--data", type=Path, default=DATA)
    return parser.parse_args(arguments)
