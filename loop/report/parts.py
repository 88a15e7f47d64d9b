"""What the report reads of small files that have no reader of their own."""

from msgspec import Struct, field

from veristone.training.evaluation.results import Summary

__all__ = ["VERIFY", "Counts", "Manifest", "Results", "StageCounts"]

VERIFY = "verify"


class StageCounts(Struct, frozen=True):
    """One stage of a synthesis."""

    stage: str
    given: int = 0
    kept: int = 0
    refused: dict[str, int] = {}
    dead: int = 0
    """Records without a result for faults of ours or of the model's server, given up."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    verdicts: dict[str, int] = {}
    """Of `verify`: by reason."""

    @property
    def failed(self) -> dict[str, int]:
        """Verdicts that are no pass, by reason."""
        return {name: number for name, number in self.verdicts.items() if name != "passed"}

    @property
    def passed(self) -> int:
        """Responses that passed."""
        return self.verdicts.get("passed", 0)


class Counts(Struct, frozen=True):
    """`counts.json` of a synthesis."""

    stages: list[StageCounts] = []

    @property
    def verified(self) -> StageCounts | None:
        """The counts of verification; None before there are any."""
        return next((one for one in self.stages if one.stage == VERIFY), None)


class Manifest(Struct, frozen=True):
    """`veristone.json` of a dataset."""

    rows: dict[str, dict[str, int]] = {}
    """By configuration and split."""


class _Row(Struct, frozen=True):
    base_status: str
    plus_status: str | None = None


class Results(Struct, frozen=True):
    """Results of an evaluation: EvalPlus's file with our figures in it."""

    figures: Summary = field(name="veristone")
    by_task: dict[str, list[_Row]] = field(name="eval", default_factory=dict[str, list[_Row]])

    def shares(self, *, plus: bool) -> dict[str, float]:
        """Return each task's share of decided samples that are right.

        A sample is right with `plus` where base and plus tests passed, as EvalPlus counts.
        """
        found: dict[str, float] = {}
        for task, rows in self.by_task.items():
            statuses = [{row.base_status, row.plus_status if plus else "pass"} for row in rows]
            decided = [some == {"pass"} for some in statuses if "undecided" not in some]
            if decided:
                found[task] = sum(decided) / len(decided)
        return found
