"""The frozen recipe and the steps of a run, and which step a variant's result came from.

Variants share steps: the dataset of one may lie under the name of another. What a step was made
from stands in its command, so the way from a training back to its seeds is followed there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from veristone.loop.report.reading.files import Trouble, as_tables, read_struct, read_table

__all__ = ["BASE", "MAIN", "Chain", "Run", "StepMark", "read_run"]

MAIN, BASE = "main", "base"
_PLACES = ("seeds/*", "round-*/*/*", "round-*/evaluation/*/*", "evaluation/*/*")
_MOST_STEPS = 5_000


class StepMark(msgspec.Struct, frozen=True, kw_only=True):
    """`step.json` of one step."""

    kind: str
    name: str
    variant: str = ""
    round: int = 0
    label: str = ""
    command: list[str] = []
    wall_s: float = 0.0
    starts: int = 0
    done: bool = False
    exit: int | None = None

    def option(self, name: str) -> str:
        """Return what follows an option of the command; empty where it has none."""
        at = self.command.index(name) + 1 if name in self.command else 0
        return self.command[at] if 0 < at < len(self.command) else ""


@dataclass(frozen=True, slots=True)
class Chain:
    """The steps that one variant's round is made of; None where they are not there yet."""

    training: StepMark | None = None
    dataset: StepMark | None = None
    selection: StepMark | None = None
    synthesis: StepMark | None = None
    seeds: StepMark | None = None


@dataclass(slots=True)
class Run:
    """A run's folder."""

    folder: Path
    recipe: dict[str, Any]
    steps: dict[str, StepMark]
    """By name, in the order of the loop."""
    trouble: Trouble
    variants: dict[str, str] = field(default_factory=dict[str, str])
    """Name to description, in the order of the recipe; without the main one."""

    @property
    def name(self) -> str:
        """The recipe's."""
        found = self.recipe.get("name")
        return found if isinstance(found, str) else ""

    @property
    def rounds(self) -> int:
        """As many as the recipe has, or as were seen."""
        asked = self.recipe.get("rounds")
        seen = max((step.round for step in self.steps.values()), default=0)
        return max(seen, asked if isinstance(asked, int) and 0 < asked <= 1000 else 1)

    @property
    def labels(self) -> list[str]:
        """Benchmarks that are evaluated, in the order of the recipe, then as found."""
        found = [
            str(each.get("name") or each.get("benchmark") or "")
            for each in as_tables(self.recipe.get("evaluation"))
        ]
        found += [step.label for step in self.steps.values() if step.kind == "evaluation"]
        return list(dict.fromkeys(filter(None, found)))

    def of(self, kind: str, variant: str, number: int) -> StepMark | None:
        """Return the step of a kind that lies under a variant's own name."""
        for step in self.steps.values():
            if (step.kind, step.variant, step.round) == (kind, variant, number):
                return step
        return None

    def chain(self, variant: str, number: int) -> Chain:
        """Return the steps of a variant's round, its own or those that it shares.

        A step that a variant lacks and nothing of its own points to is the main one's, if anything;
        a variant without any step of its own has not begun.
        """
        training = self._trained(variant, number)
        dataset = self._step(training, "--data") or self._own("dataset", variant, number)
        selection = self._first(dataset) or self._own("selection", variant, number)
        synthesis = self._first(selection) or self._own("synthesis", variant, number)
        seeds = self._step(synthesis, "--input")
        while seeds is not None and seeds.kind == "selection":
            # Evolved from what the round before selected: the seeds are that round's.
            earlier = self._first(seeds)
            seeds = self._step(earlier, "--input")
        return Chain(training, dataset, selection, synthesis, seeds)

    def has_begun(self, variant: str) -> bool:
        """Return whether a variant has a step of its own. A finished one has: it differs."""
        return any(step.variant == variant for step in self.steps.values())

    def users(self, training: StepMark) -> list[str]:
        """Return the variants whose model of that round a training made."""
        names = [MAIN, *self.variants]
        return [name for name in names if self._trained(name, training.round) == training] or [
            training.variant
        ]

    def _trained(self, variant: str, number: int) -> StepMark | None:
        for step in self.steps.values():
            is_own = (step.kind, step.variant, step.round) == ("evaluation", variant, number)
            found = self._step(step, "--model") if is_own else None
            if found is not None and found.kind == "training":
                return found
        return self._own("training", variant, number)

    def _own(self, kind: str, variant: str, number: int) -> StepMark | None:
        own = self.of(kind, variant, number)
        if own is not None or variant == MAIN or not self.has_begun(variant):
            return own
        if self._later(kind, variant, number):
            return None
        return self.of(kind, MAIN, number)

    def _later(self, kind: str, variant: str, number: int) -> bool:
        """Tell whether a variant has begun with an earlier kind: its own step is to come."""
        order = ("seeds", "synthesis", "selection", "dataset", "training")
        return any(
            self.of(each, variant, number) is not None for each in order[: order.index(kind)]
        ) or (self.of("seeds", variant, 0) is not None)

    def _first(self, step: StepMark | None) -> StepMark | None:
        """Return the step whose folder a command's arguments begin with, after its own options."""
        if step is None:
            return None
        for argument in step.command:
            if argument == "-o":
                break
            found = self._holding(argument)
            if found is not None and found != step:
                return found
        return None

    def _step(self, step: StepMark | None, option: str) -> StepMark | None:
        return self._holding(step.option(option)) if step is not None else None

    def _holding(self, argument: str) -> StepMark | None:
        """Return the step whose folder a path (`vllm:round-1/training/main/model`) is in."""
        for part in (argument, argument.partition(":")[2]):
            pieces = part.split("/")
            for end in range(len(pieces), 1, -1):
                found = self.steps.get("/".join(pieces[:end]))
                if found is not None:
                    return found
        return None


def read_run(folder: Path) -> Run:
    """Read the recipe and the marks of all steps."""
    trouble = Trouble(folder)
    recipe = read_table(folder / "align.json", trouble)
    variants = {
        str(each["name"]): str(each.get("description") or "")
        for each in as_tables(recipe.get("variants"))
        if each.get("name")
    }
    marks = sorted(_marks(folder, trouble), key=_order(variants))
    run = Run(folder, recipe, {mark.name: mark for mark in marks}, trouble, variants)
    for mark in marks:
        if mark.variant not in (MAIN, BASE, ""):
            run.variants.setdefault(mark.variant, "")
    return run


def _marks(folder: Path, trouble: Trouble) -> Iterator[StepMark]:
    paths = sorted(path for place in _PLACES for path in folder.glob(f"{place}/step.json"))
    for path in paths[:_MOST_STEPS]:
        mark = read_struct(path, StepMark, trouble)
        if mark is None:
            continue
        if mark.name != path.parent.relative_to(folder).as_posix():
            # A folder that was moved or copied: its name is where it lies.
            mark = msgspec.structs.replace(mark, name=path.parent.relative_to(folder).as_posix())
        yield mark


def _order(variants: dict[str, str]) -> Any:
    kinds = ("seeds", "synthesis", "selection", "dataset", "training", "evaluation")
    names = [BASE, MAIN, *variants]

    def key(step: StepMark) -> tuple[int, int, int, str]:
        kind = kinds.index(step.kind) if step.kind in kinds else len(kinds)
        variant = names.index(step.variant) if step.variant in names else len(names)
        return (step.round, kind, variant, step.name)

    return key
