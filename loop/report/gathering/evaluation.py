"""Results of all models, and the differences that answer the run's questions.

the main model against the base      what the loop gave, round by round
the main model against each variant  what the changed part is worth, in the same round
the main model against its round before
"""

from collections.abc import Iterator
from dataclasses import dataclass

from veristone.loop.report.facts import Difference, Result
from veristone.loop.report.gathering.parts import Parts
from veristone.loop.report.measures.paired import paired
from veristone.loop.report.reading.evaluation import ResultRead
from veristone.loop.report.reading.run import BASE, MAIN

__all__ = ["Evaluations", "read_evaluations"]


@dataclass(frozen=True, slots=True)
class Evaluations:
    """Everything that was evaluated."""

    read: dict[tuple[str, str, int], ResultRead]
    """By label, variant and round; the base has round 0."""

    @property
    def results(self) -> list[Result]:
        """In the order of labels, rounds, variants."""
        return [one.facts for one in self.read.values()]

    def differences(self, variants: list[str], rounds: int) -> list[Difference]:
        """Return all differences that are asked for and can be had."""
        labels = list(dict.fromkeys(label for label, _, _ in self.read))
        pairs = list(_pairs(variants, rounds))
        found = (self._difference(label, *one, *other) for label in labels for one, other in pairs)
        return [one for one in found if one is not None]

    def _difference(
        self, label: str, variant: str, number: int, other: str, other_number: int
    ) -> Difference | None:
        one = self.read.get((label, variant, number))
        two = self.read.get((label, other, other_number))
        if one is None or two is None:
            return None
        tests = "plus" if "plus" in one.shares and "plus" in two.shares else "base"
        found = paired(one.shares[tests], two.shares[tests])
        if found is None:
            return None
        return Difference(
            label=label,
            round=number,
            variant=variant,
            other=other,
            other_round=other_number,
            mean=found.mean,
            low=found.low,
            high=found.high,
            tasks=found.tasks,
            tests=tests,
        )


def _pairs(variants: list[str], rounds: int) -> Iterator[tuple[tuple[str, int], tuple[str, int]]]:
    for number in range(1, rounds + 1):
        main = (MAIN, number)
        yield main, (BASE, 0)
        if number > 1:
            yield main, (MAIN, number - 1)
        for variant in variants:
            yield main, (variant, number)
            yield (variant, number), (BASE, 0)


def read_evaluations(parts: Parts) -> Evaluations:
    """Read every result that is there."""
    run = parts.run
    order = [BASE, MAIN, *run.variants]
    found: dict[tuple[str, str, int], ResultRead] = {}
    steps = [step for step in run.steps.values() if step.kind == "evaluation"]
    labels = run.labels
    steps.sort(
        key=lambda step: (
            labels.index(step.label) if step.label in labels else len(labels),
            step.round,
            order.index(step.variant) if step.variant in order else len(order),
        )
    )
    for step in steps:
        result = parts.result(step)
        if result is not None:
            found[result.facts.label, step.variant, step.round] = result
    return Evaluations(found)
