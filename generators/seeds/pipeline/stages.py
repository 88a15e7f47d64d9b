"""Splits a recipe into stages. Pure: no files, no processes.

The first stage mines. After it, batch steps that stand next to one another share a stage: a part
goes through all of them in one process, and is written once. An ordered or an asynchronous step is
a stage of its own, and so is a batch step that gathers: by then few seeds are left of each part,
and parts are put together anew for every stage.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from veristone import __version__
from veristone.generators.seeds.pipeline.recipe import Recipe
from veristone.generators.seeds.steps import BatchStep, Step

__all__ = ["Stage", "group", "stages"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One pass over all seeds."""

    number: int
    """From 1, the mining."""
    steps: tuple[Step, ...]
    """Empty for the mining."""
    digest: str
    """Of everything up to here that decides the output, but the sources' content."""

    @property
    def name(self) -> str:
        """Return the name of the stage's folder."""
        if not self.steps:
            return f"{self.number}-mine"
        first = self.steps[0].kind
        return f"{self.number}-{first if len(self.steps) == 1 else 'filters'}"


def stages(recipe: Recipe, versions: dict[str, str]) -> list[Stage]:
    """Return the stages in order. `versions` are those of the tools that decide."""
    digest = _digest("", [versions, {"veristone": __version__}, *recipe.mining()])
    found = [Stage(1, (), digest)]
    for _, group_ in groupby(enumerate(recipe.steps), _kinship):
        steps = tuple(step for _, step in group_)
        digest = _digest(digest, [step.model_dump(mode="json") for step in steps])
        found.append(Stage(len(found) + 1, steps, digest))
    return found


def _kinship(item: tuple[int, Step]) -> int:
    """Return a key that neighbouring batch steps share and nobody else has."""
    index, step = item
    return -1 if isinstance(step, BatchStep) and not step.gathers else index


def _digest(before: str, settings: Iterable[object]) -> str:
    text = json.dumps([before, *settings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def group(sizes: Sequence[int], size: int) -> list[tuple[int, int]]:
    """Put neighbouring parts together until each group has at least `size` seeds.

    The last group may have fewer. Tools that start slowly (a type checker) want large parts; what
    is lost by an interruption wants small ones.
    """
    groups: list[tuple[int, int]] = []
    begin = total = 0
    for index, count in enumerate(sizes):
        total += count
        if total >= size:
            groups.append((begin, index + 1))
            begin, total = index + 1, 0
    if begin < len(sizes) and (total or not groups):
        groups.append((begin, len(sizes)))
    return groups
