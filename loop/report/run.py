"""A run's folder: the frozen recipe, the steps, and which step came from which.

Variants share steps: the dataset of one may lie under the name of another. What a step was made
from stands in its `after`, so the way from a training back to its seeds is followed there.

Nothing here fails for a file that is absent, half a run or damaged: what is absent gives nothing,
what is damaged is noted as trouble, and the report says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

__all__ = [
    "BASE",
    "KINDS",
    "MAIN",
    "Run",
    "Step",
    "Trouble",
    "as_table",
    "as_tables",
    "read_lines",
    "read_run",
    "read_struct",
]

MAIN, BASE = "main", "base"
KINDS = ("seeds", "synthesis", "selection", "dataset", "training", "evaluation")
_PLACES = ("seeds/*", "round-*/*/*", "round-*/evaluation/*/*", "evaluation/*/*")
_MOST_STEPS = 5_000
_MOST_NOTES = 50
_MOST_FILE_BYTES = 1 << 30
_MOST_LINE_BYTES = 64 << 20
_T = TypeVar("_T")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """`step.json` of one step."""

    kind: str
    name: str
    variant: str = ""
    round: int = 0
    label: str = ""
    """Of an evaluation: the benchmark."""
    after: list[str] = []
    """Names of the steps whose results it reads."""
    command: list[str] = []
    wall_s: float = 0.0
    starts: int = 0
    done: bool = False
    exit: int | None = None


class Trouble:
    """Collects what could not be read; `notes` says it in words, with paths inside the run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._notes: dict[str, None] = {}

    def note(self, path: Path, error: Exception | str) -> None:
        """Add a note."""
        where = path.relative_to(self._folder) if path.is_relative_to(self._folder) else path.name
        said = str(error)
        if isinstance(error, OSError):
            # Its text holds the absolute path.
            said = error.strerror or type(error).__name__
        self._notes[f"{where}: {said}"] = None

    @property
    def notes(self) -> list[str]:
        """All notes, the oldest first; of very many the first ones."""
        more = len(self._notes) - _MOST_NOTES
        return list(self._notes)[:_MOST_NOTES] + ([f"and {more} other files"] if more > 0 else [])


def read_struct(path: Path, kind: type[_T], trouble: Trouble) -> _T | None:
    """Return the content of a JSON file; None where there is none, or none that can be read."""
    try:
        if path.stat().st_size > _MOST_FILE_BYTES:
            trouble.note(path, "is larger than 1 GiB and was not read")
            return None
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, NotADirectoryError):
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
            while line := file.readline(_MOST_LINE_BYTES):
                if line.strip():
                    try:
                        yield decode(line)
                    except (ValueError, RecursionError):
                        bad += 1
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        trouble.note(path, error)
    if bad:
        trouble.note(path, f"{bad:,} {'line' if bad == 1 else 'lines'} could not be read")


def as_table(value: object) -> dict[str, Any]:
    """Return an object of JSON; an empty one for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_tables(value: object) -> list[dict[str, Any]]:
    """Return the objects in a list of JSON; nothing for anything else."""
    found = cast("list[object]", value) if isinstance(value, list) else []
    return [as_table(each) for each in found if as_table(each)]


@dataclass(slots=True)
class Run:
    """What is in a run's folder."""

    folder: Path
    recipe: dict[str, Any]
    trouble: Trouble
    variants: dict[str, str]
    """Name to description, in the order of the recipe; without the main one."""
    steps: dict[str, Step] = field(default_factory=dict[str, Step])
    """By name, in the order of the loop."""
    parts: dict[str, object] = field(default_factory=dict[str, object])
    """By the name of a step: what it wrote down, as `parts` has it."""

    @property
    def rounds(self) -> int:
        """As many as the recipe has, or as were seen."""
        asked = self.recipe.get("rounds")
        seen = max((step.round for step in self.steps.values()), default=0)
        return max(seen, asked if isinstance(asked, int) and 0 < asked <= 1000 else 1)

    @property
    def benchmarks(self) -> dict[str, dict[str, Any]]:
        """Settings of what is evaluated, by label: in the order of the recipe, then as found."""
        found: dict[str, dict[str, Any]] = {}
        for each in as_tables(self.recipe.get("evaluation")):
            found[str(each.get("name") or each.get("benchmark") or "")] = each
        for step in self.of_kind("evaluation"):
            found.setdefault(step.label, {})
        found.pop("", None)
        return found

    def part(self, step: Step | None, kind: type[_T]) -> _T | None:
        """Return what a step wrote down; None where there is no step or nothing of that kind."""
        found = self.parts.get(step.name) if step is not None else None
        return found if isinstance(found, kind) else None

    def of_kind(self, kind: str) -> list[Step]:
        """Return the steps of a kind, in the order of the loop."""
        return [step for step in self.steps.values() if step.kind == kind]

    def own(self, kind: str, variant: str, number: int) -> Step | None:
        """Return the step of a kind that lies under a variant's own name."""
        for step in self.of_kind(kind):
            if (step.variant, step.round) == (variant, number):
                return step
        return None

    def has_begun(self, variant: str) -> bool:
        """Return whether a variant has a step of its own. A finished one has: it differs."""
        return any(step.variant == variant for step in self.steps.values())

    def chain(self, variant: str, number: int) -> dict[str, Step]:
        """Return the steps of a variant's round by kind, its own or those that it shares.

        A step that a variant lacks and nothing of its own comes from is the main one's, if
        anything; a variant without any step of its own has not begun.
        """
        found: dict[str, Step] = {}
        later: Step | None = self.own("evaluation", variant, number)
        for kind in reversed(KINDS[:-1]):
            step = self._before(later, kind) or self._lies(kind, variant, number)
            if step is not None:
                found[kind] = step
            later = step
        return found

    def users(self, training: Step) -> list[str]:
        """Return the variants whose model of that round a training made."""
        names = [MAIN, *self.variants]
        found = [n for n in names if self.chain(n, training.round).get("training") == training]
        return found or [training.variant]

    def _before(self, step: Step | None, kind: str) -> Step | None:
        """Return the nearest step of a kind that a step comes from, not by way of a training."""
        waiting = [step] if step is not None else []
        for each in waiting:
            before = [self.steps[name] for name in each.after if name in self.steps]
            for one in before:
                if one.kind == kind:
                    return one
            fresh = [one for one in before if one.kind != "training" and one not in waiting]
            waiting += fresh
        return None

    def _lies(self, kind: str, variant: str, number: int) -> Step | None:
        """Return a variant's own step, or the main one's where its own is not still to come."""
        number = 0 if kind == "seeds" else number
        found = self.own(kind, variant, number)
        if found is not None or variant == MAIN or not self.has_begun(variant):
            return found
        earlier = KINDS[1 : KINDS.index(kind)] if number else ()
        begun = any(self.own(each, variant, number) is not None for each in earlier)
        if begun or self.own("seeds", variant, 0) is not None:
            return None
        return self.own(kind, MAIN, number)


def read_run(folder: Path) -> Run:
    """Read the recipe and the marks of all steps; not yet what they wrote (`parts.read_parts`)."""
    trouble = Trouble(folder)
    path = folder / "align.json"
    recipe: object = read_struct(path, object, trouble)
    if recipe is not None and not isinstance(recipe, dict):
        trouble.note(path, "holds no object")
    run = Run(folder, as_table(cast("object", recipe)), trouble, {})
    for each in as_tables(run.recipe.get("variants")):
        if each.get("name"):
            run.variants[str(each["name"])] = str(each.get("description") or "")
    found: list[Step] = []
    for path in sorted(path for place in _PLACES for path in folder.glob(f"{place}/step.json")):
        step = read_struct(path, Step, trouble) if len(found) < _MOST_STEPS else None
        if step is not None:
            # A folder may have been moved or copied: a step's name is where it lies.
            name = path.parent.relative_to(folder).as_posix()
            found.append(msgspec.structs.replace(step, name=name))
    names = [BASE, MAIN, *run.variants]

    def order(step: Step) -> tuple[int, int, int, str]:
        kind = KINDS.index(step.kind) if step.kind in KINDS else len(KINDS)
        variant = names.index(step.variant) if step.variant in names else len(names)
        return (step.round, kind, variant, step.name)

    run.steps = {step.name: step for step in sorted(found, key=order)}
    for step in run.steps.values():
        if step.variant not in (MAIN, BASE, ""):
            run.variants.setdefault(step.variant, "")
    return run
