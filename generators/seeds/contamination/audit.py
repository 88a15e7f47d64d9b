"""How well decontamination works: copies are planted, and counted when they are found.

Recall is by kind of disguise; false positives are what is found in real code, which somebody has to
read: a gcd in a library is Euclid's, and the benchmark's as well.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from veristone.generators.seeds.contamination.benchmarks import Item
from veristone.generators.seeds.contamination.detector import Detector
from veristone.generators.seeds.contamination.disguises import DISGUISES, disguise
from veristone.generators.seeds.contamination.matchers.base import Match

__all__ = ["Audit", "Planted", "Recall", "audit", "plant", "table"]


class Planted(NamedTuple):
    """A sample that is known to copy a task."""

    kind: str
    task: str
    """A part of the labels of items that are this task: `HumanEval/12 `."""
    text: str
    code: str
    language: str = "python"


@dataclass(slots=True)
class Recall:
    """What was found of one kind."""

    planted: int = 0
    found: int = 0
    right: int = 0
    """Of those found: with the task that was copied."""
    matchers: Counter[str] = field(default_factory=Counter[str])


@dataclass(slots=True)
class Audit:
    """The outcome of an audit."""

    recall: dict[str, Recall] = field(default_factory=dict[str, Recall])
    """By kind, in the order in which kinds came."""
    clean: int = 0
    """Real functions that were looked at."""
    hits: list[tuple[str, Match]] = field(default_factory=list[tuple[str, Match]])
    """What was found in them, with where."""


def plant(items: Iterable[Item], kinds: Iterable[str] = tuple(DISGUISES)) -> Iterator[Planted]:
    """Yield a copy of every Python item in every disguise; what is no whole program is left out."""
    kinds = tuple(kinds)
    for item in items:
        text = item.texts[0] if item.texts else ""
        for solution in item.solutions[:1]:
            for kind in kinds:
                try:
                    copy = disguise(kind, text, solution)
                except SyntaxError:
                    continue
                yield Planted(kind, item.label, copy.text, copy.code)


def audit(
    detector: Detector,
    planted: Iterable[Planted],
    clean: Iterable[tuple[str, str]] = (),
) -> Audit:
    """Look at planted copies, and at real Python functions given as (where, code)."""
    result = Audit()
    for sample in planted:
        recall = result.recall.setdefault(sample.kind, Recall())
        recall.planted += 1
        match = detector.check(sample.text, sample.code, sample.language)
        if match is not None:
            recall.found += 1
            recall.right += sample.task in match.task
            recall.matchers[match.matcher] += 1
    for where, code in clean:
        result.clean += 1
        match = detector.check("", code, "python")
        if match is not None:
            result.hits.append((where, match))
    return result


def table(result: Audit) -> str:
    """Return the outcome as a Markdown table."""
    lines = ["| copy | planted | found | right task | by |", "| --- | ---: | ---: | ---: | --- |"]
    for kind, recall in result.recall.items():
        by = ", ".join(f"{name} {n}" for name, n in sorted(recall.matchers.items()))
        lines.append(
            f"| {kind} | {recall.planted} | {recall.found / recall.planted:.1%} "
            f"| {recall.right / recall.planted:.1%} | {by} |"
        )
    if result.clean:
        share = len(result.hits) / result.clean
        lines.append(f"\nReal functions: {result.clean}, found in {len(result.hits)} ({share:.2%})")
    return "\n".join(lines)
