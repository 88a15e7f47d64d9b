"""A run's folder: its recipe, the steps that the recipe plans, and what each of them wrote down.

Nothing here fails for a file that is absent, half a run or damaged: what is absent gives nothing,
what is damaged is noted as trouble, and the report says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from veristone import ConfigError
from veristone.generators.seeds.funnel import Funnel as SeedFunnel
from veristone.generators.selection.funnel import Funnel as SelectionFunnel
from veristone.loop.plan import Kind, Plan, Step
from veristone.loop.recipe import AlignRecipe
from veristone.loop.report.parts import Counts, Manifest, Results
from veristone.loop.run import Mark, mark
from veristone.settings import checked
from veristone.training.finetune.journal import Journal

__all__ = ["Run", "Trouble", "read_lines", "read_run"]

_FILES: dict[type[object], str] = {
    SeedFunnel: "funnel.json",
    Counts: "counts.json",
    SelectionFunnel: "funnel.json",
    # The dataset lies in a folder of its own inside the step's.
    Manifest: "rows/veristone.json",
    Journal: "training.json",
    Results: "results.json",
}
_T = TypeVar("_T")


class Trouble:
    """Collects what could not be read; `notes` says it in words, with paths inside the run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.notes: list[str] = []

    def note(self, path: Path, error: Exception | str) -> None:
        """Add a note."""
        where = path.relative_to(self._folder) if path.is_relative_to(self._folder) else path.name
        # The text of an OSError holds the absolute path.
        said = error.strerror if isinstance(error, OSError) else str(error)
        self.notes.append(f"{where}: {said or type(error).__name__}")


@dataclass(slots=True)
class Run:
    """What is in a run's folder, as far as it goes."""

    folder: Path
    trouble: Trouble
    recipe: AlignRecipe
    plan: Plan
    marks: dict[str, Mark]
    """Steps that have begun, by name, in the order of the plan."""
    _parts: dict[tuple[str, type[object]], Any] = field(
        default_factory=dict[tuple[str, type[object]], Any]
    )

    def steps(self, variant: str, number: int) -> dict[Kind, Mark]:
        """Return the steps of a variant's round that have begun, its own or those it shares."""
        planned = self.plan.of(variant, number)
        return {step.kind: self.marks[step.name] for step in planned if step.name in self.marks}

    def of_kind(self, kind: Kind) -> list[Mark]:
        """Return the steps of a kind that have begun."""
        return [step for step in self.marks.values() if step.kind == kind]

    def part(self, step: Step | None, kind: type[_T]) -> _T | None:
        """Return what a step wrote down; None where there is no step or nothing of that kind."""
        if step is None:
            return None
        key = (step.name, kind)
        if key not in self._parts:
            path = self.folder / step.name / _FILES[kind]
            self._parts[key] = _read(path, kind, self.trouble)
        return self._parts[key]


def read_run(folder: Path, trouble: Trouble) -> Run | None:
    """Read the recipe and how far each step is; None where no recipe can be read."""
    path = folder / "align.json"
    settings = _read(path, dict[str, Any], trouble)
    if settings is None:
        return None
    try:
        recipe = checked(AlignRecipe, settings, "")
    except ConfigError as error:
        trouble.note(path, error)
        return None
    plan = Plan(recipe)
    found = {name: _read(mark(folder, step), Mark, trouble) for name, step in plan.steps.items()}
    marks = {name: each for name, each in found.items() if each is not None}
    return Run(folder, trouble, recipe, plan, marks)


def _read(path: Path, kind: type[_T], trouble: Trouble) -> _T | None:
    """Return the content of a JSON file; None where there is none, or none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        trouble.note(path, error)
        return None


def read_lines(path: Path, kind: type[_T], trouble: Trouble) -> Iterator[_T]:
    """Yield the lines of a JSON Lines file that can be read, one in memory at a time.

    How many could not is noted at the end.
    """
    decode = msgspec.json.Decoder(kind).decode
    bad = 0
    try:
        with path.open("rb") as file:
            for line in file:
                try:
                    yield decode(line)
                except (ValueError, RecursionError):
                    bad += 1
    except FileNotFoundError:
        return
    except OSError as error:
        trouble.note(path, error)
    if bad:
        trouble.note(path, f"{bad:,} {'line' if bad == 1 else 'lines'} could not be read")
