"""What the loop on a tiny model found, and what it is worth: scores, overlap, rows, strength."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Final

import msgspec

from veristone import Verdict
from veristone.extras import need_modules
from veristone.files import read_rows
from veristone.loop.plan import MAIN, folder_name
from veristone.training.tiny.files import HELD_OUT, OVERLAP
from veristone.training.tiny.overlap import Overlap, Shown, find_overlap

__all__ = [
    "CONTROL",
    "EVALUATIONS",
    "MODELS",
    "Interval",
    "Repetition",
    "ToyResults",
    "interval",
    "read_held_out",
    "read_repetition",
    "selected",
]

CONTROL: Final = "no-filter"
"""The recipe's variant that learns from random responses."""
EVALUATIONS: Final = ("held out, T 0.8", "held out, greedy", "untuned families, T 0.8")
MODELS: Final[Mapping[str, str]] = {
    "base": "evaluation/base",
    "passing": f"round-1/evaluation/{MAIN}",
    "no filter": f"round-1/evaluation/{CONTROL}",
}
_DIFFERENCES: Final = (("passing", "base"), ("passing", "no filter"), ("no filter", "base"))


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and half of its 95 % interval by Student's t; no interval for a single value."""

    mean: float
    half_width_95: float | None

    def text(self) -> str:
        """Return both as percentages."""
        half = "" if self.half_width_95 is None else f" ± {100 * self.half_width_95:.1f}"
        return f"{100 * self.mean:.1f}{half}"


def interval(values: Sequence[float]) -> Interval:
    """Return the mean and half the width of its interval."""
    if len(values) < 2:
        return Interval(fmean(values), None)
    need_modules("scipy.stats", extra="report")
    from scipy.stats import t

    quantile = float(t.ppf(0.975, len(values) - 1))  # pyright: ignore[reportUnknownMemberType]
    return Interval(fmean(values), quantile * stdev(values) / len(values) ** 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """One random seed."""

    scores: dict[str, dict[str, float]]
    """pass@1 by evaluation and model."""
    overlap: dict[str, Overlap]
    """Held-out tasks of which something is shown, by where: in `pre-training` (and in the
    instructions) and in `tuning`, the rows of both variants."""
    rows: dict[str, int]
    """That were learnt from, by variant."""
    same_instructions: bool
    """Whether both variants learnt from the same instructions."""
    split: int
    """Of the main variant's rows: judged where the solution cannot reach."""
    vacuous: int
    """Of the main variant's rows: their tests prove nothing, stubs pass them."""

    def fault(self) -> str:
        """Return why the scores would mean nothing; empty where they do."""
        for where, found in self.overlap.items():
            if found:
                return f"in {where} {found}"
        return "" if self.same_instructions else "the control learnt from other instructions"


@dataclass(slots=True)
class ToyResults:
    """What every repetition found, by its seed, and what failed."""

    found: dict[int, Repetition] = field(default_factory=dict[int, Repetition])
    failed: list[str] = field(default_factory=list[str])

    def of(self, model: str, label: str) -> Interval:
        """Return a model's mean."""
        return interval([each.scores[label][model] for each in self.found.values()])

    def differences(self, label: str) -> dict[str, Interval]:
        """Return differences within a repetition: what the loop gave, and what the filter gave."""
        rows = [each.scores[label] for each in self.found.values()]
        return {
            f"{one} - {other}": interval([row[one] - row[other] for row in rows])
            for one, other in _DIFFERENCES
        }

    def evidence(self) -> list[str]:
        """Return, in sentences, what the numbers rest on."""
        found = list(self.found.values())
        said = [
            f"held-out tasks that {where} shows, over all seeds: "
            + ", ".join(
                f"{sum(getattr(each.overlap[where], part) for each in found)} by {part}"
                for part in ("instructions", "solutions", "constants")
            )
            for where in found[0].overlap
        ]
        rows = {name: [each.rows[name] for each in found] for name in (MAIN, CONTROL)}
        total = sum(rows[MAIN])
        split, vacuous = sum(each.split for each in found), sum(each.vacuous for each in found)
        return [
            *said,
            f"rows by seed: {rows[MAIN]}; of the control, for the same instructions:"
            f" {rows[CONTROL]}",
            f"of {total} rows {split} were judged split, and the tests of {vacuous} are vacuous",
        ]


def read_repetition(folder: Path) -> Repetition | None:
    """Return what is in a repetition's folder; None where it is not finished."""
    run, files = folder / "run", folder / "files"
    scores: dict[str, dict[str, float]] = {label: {} for label in EVALUATIONS}
    try:
        for label, by_model in scores.items():
            for model, place in MODELS.items():
                path = run / place / folder_name(label) / "results.json"
                by_model[model] = json.loads(path.read_bytes())["pass_at_k"]["base"]["pass@1"]
    except FileNotFoundError:
        return None
    before = msgspec.json.decode((files / OVERLAP).read_bytes(), type=Overlap)
    rows = {name: selected(run, name) for name in (MAIN, CONTROL)}
    shown = [
        Shown(row["instruction"], row["record"]["code"]) for one in rows.values() for row in one
    ]
    verdicts = [msgspec.convert(row["record"]["verdict"], Verdict) for row in rows[MAIN]]
    main, control = ({row["instruction"] for row in one} for one in rows.values())
    return Repetition(
        scores=scores,
        overlap={"pre-training": before, "tuning": find_overlap(read_held_out(folder), shown)},
        rows={name: len(found) for name, found in rows.items()},
        same_instructions=main == control,
        split=sum(one.judged == "split" for one in verdicts),
        vacuous=sum(one.strength is not None and one.strength.vacuous for one in verdicts),
    )


def read_held_out(folder: Path) -> list[Shown]:
    """Return the held-out tasks of a repetition, with their right solutions."""
    return [
        Shown(task["instruction"], task["code"])
        for split in HELD_OUT
        for task in _rows(folder / "files" / f"{split}.jsonl")
    ]


def selected(run: Path, variant: str) -> list[dict[str, Any]]:
    """Return the rows that a variant learns from."""
    return _rows(run / f"round-1/selection/{variant}/selected.jsonl")


def _rows(path: Path) -> list[dict[str, Any]]:
    return [row.fields for row in read_rows(path)]
