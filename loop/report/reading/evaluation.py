"""Results of an evaluation: EvalPlus's file with our figures in it."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import msgspec

from veristone.loop.report.facts import Result, Score
from veristone.loop.report.reading.files import read_struct
from veristone.loop.report.reading.run import Run, StepMark

__all__ = ["ResultRead", "read_result"]

_SETTINGS = (("-n", "n"), ("--temperature", "T"), ("--top-p", "top-p"), ("--style", "style"))


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    base_status: str
    plus_status: str | None = None


class _Score(msgspec.Struct, frozen=True, kw_only=True):
    k: int
    mean: float
    low: float
    high: float
    tasks: int = 0


class _Figures(msgspec.Struct, frozen=True, kw_only=True):
    version: str = ""
    tasks: int = 0
    samples: int = 0
    undecided: int = 0
    base: list[_Score] = []
    plus: list[_Score] = []
    notes: list[str] = []


class _Results(msgspec.Struct, frozen=True, kw_only=True):
    by_task: dict[str, list[_Row]] = msgspec.field(
        name="eval", default_factory=dict[str, list[_Row]]
    )
    figures: _Figures | None = msgspec.field(name="veristone", default=None)
    pass_at_k: dict[str, dict[str, float]] = {}


@dataclass(frozen=True, slots=True)
class ResultRead:
    """One model on one benchmark, task by task."""

    facts: Result
    shares: dict[str, dict[str, float]]
    """By `base` and `plus`: task to the share of its decided samples that are right."""
    version: str


def read_result(run: Run, step: StepMark) -> ResultRead | None:
    """Return the results of an evaluation step; None where it has none yet."""
    path = run.folder / step.name / "results.json"
    found = read_struct(path, _Results, run.trouble)
    if found is None:
        return None
    if found.figures is None:
        run.trouble.note(path, "has no figures of ours (`veristone`): evaluated by another program")
        return None
    figures = found.figures
    scores = [_score("base", one) for one in figures.base]
    scores += [_score("plus", one) for one in figures.plus]
    facts = Result(
        step=step.name,
        label=step.label or step.name.rpartition("/")[2],
        variant=step.variant,
        round=step.round,
        tasks=figures.tasks,
        samples=figures.samples,
        undecided=figures.undecided,
        scores=scores,
        notes=figures.notes,
        settings=", ".join(
            f"{word} {step.option(name)}" for name, word in _SETTINGS if step.option(name)
        ),
    )
    shares = {"base": _shares(found, plus=False)}
    if figures.plus:
        shares["plus"] = _shares(found, plus=True)
    return ResultRead(facts, shares, figures.version)


def _score(tests: Literal["base", "plus"], score: _Score) -> Score:
    return Score(
        tests=tests,
        k=score.k,
        mean=score.mean,
        low=score.low,
        high=score.high,
        tasks=score.tasks,
    )


def _shares(found: _Results, *, plus: bool) -> dict[str, float]:
    """A sample is right with `plus` where base and plus tests passed, as EvalPlus counts."""
    decided: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for task, rows in found.by_task.items():
        for row in rows:
            if row.base_status == "undecided" or (plus and row.plus_status == "undecided"):
                continue
            decided[task] += 1
            passed = row.base_status == "pass" and (not plus or row.plus_status == "pass")
            right[task] += passed
    return {task: right[task] / number for task, number in decided.items()}
