"""What each kind of step wrote down in its small files."""

from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from veristone.generators.pages.numbers import ranked
from veristone.generators.seeds.funnel import Funnel as SeedFunnel
from veristone.generators.seeds.report.facts import stages as seed_stages
from veristone.generators.selection.funnel import Funnel as SelectionFunnel
from veristone.loop.report.facts import Attempt, Counted, Curve, Score, Stage
from veristone.loop.report.measures import thinned
from veristone.loop.report.run import Run, as_table, read_struct

__all__ = [
    "Counts",
    "Journal",
    "Manifest",
    "Results",
    "SeedFunnel",
    "SelectionFunnel",
    "funnel_stages",
    "read_parts",
]

_VERIFY, _PASSED = "verify", "passed"


class _StageCounts(Struct, frozen=True):
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


class Counts(Struct, frozen=True):
    """`counts.json` of a synthesis."""

    stages: list[_StageCounts] = []

    @property
    def verified(self) -> _StageCounts | None:
        """The counts of verification; None before there are any."""
        return next((one for one in self.stages if one.stage == _VERIFY), None)

    @property
    def passed(self) -> int | None:
        """Responses that passed."""
        return self.verified.verdicts.get(_PASSED, 0) if self.verified is not None else None

    def funnel(self) -> list[Stage]:
        """Return the stages. Records without a verdict pass verification as it lets them pass."""
        found: list[Stage] = []
        for one in self.stages:
            failed = {name: n for name, n in one.verdicts.items() if name != _PASSED}
            reasons = {name: n + failed.get(name, 0) for name, n in one.refused.items()}
            counted = _counted(
                {**failed, **reasons, **({"no_result": one.dead} if one.dead else {})}
            )
            verified = one.stage == _VERIFY
            kept = one.kept - sum(failed.values()) if verified else one.kept
            unit = "response" if verified else "record"
            # The feed says something only where it refused.
            if one.stage != "feed" or counted:
                found.append(Stage("synthesis", one.stage, unit, one.given, kept, counted))
        return found


class Manifest(Struct, frozen=True):
    """`veristone.json` of a dataset."""

    veristone: str = ""
    rows: dict[str, dict[str, int]] = {}

    @property
    def splits(self) -> dict[str, int]:
        """Rows of the dataset's own configuration."""
        return self.rows.get("default", {})


class _TrainingStep(Struct, frozen=True, kw_only=True):
    step: int
    loss: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    tokens: int = 0


class Journal(Struct, frozen=True):
    """`training.json`, as far as the report goes."""

    state: str = ""
    versions: dict[str, str] = {}
    data: dict[str, Any] = {}
    plan: dict[str, Any] = {}
    attempts: list[Attempt] = []
    steps: list[_TrainingStep] = []
    evaluations: list[_TrainingStep] = []

    def number(self, name: str) -> int:
        """Return a number of its data; 0 where there is none."""
        return _number(self.data, name)

    @property
    def planned_steps(self) -> int:
        """Steps in all."""
        return _number(self.plan, "steps")

    @property
    def seen_tokens(self) -> int:
        """Tokens of all samples so far, each as often as it was seen."""
        return max((one.tokens for one in self.steps), default=0)

    @property
    def refused(self) -> dict[str, int]:
        """Rows that training does not learn from, by reason."""
        found = as_table(self.data.get("refused"))
        refused = {name: number for name, number in found.items() if isinstance(number, int)}
        return {**refused, "kept_for_evaluation": self.number("evaluation_samples")}

    def curves(self) -> list[Curve]:
        """Return the measures that were written down."""
        values = {
            "loss": [(one.step, one.loss) for one in self.steps],
            "learning_rate": [(one.step, one.learning_rate) for one in self.steps],
            "grad_norm": [(one.step, one.grad_norm) for one in self.steps],
            "evaluation_loss": [(one.step, one.loss) for one in self.evaluations],
        }
        curves = {what: thinned(some) for what, some in values.items()}
        return [Curve(what, points) for what, points in curves.items() if points]  # pyright: ignore[reportArgumentType]


class _Row(Struct, frozen=True):
    base_status: str
    plus_status: str | None = None


class _Figures(Struct, frozen=True, kw_only=True):
    version: str = ""
    tasks: int = 0
    samples: int = 0
    undecided: int = 0
    base: list[Score] = []
    plus: list[Score] = []
    notes: list[str] = []


class Results(Struct, frozen=True):
    """Results of an evaluation: EvalPlus's file with our figures in it."""

    by_task: dict[str, list[_Row]] = field(name="eval", default_factory=dict[str, list[_Row]])
    figures: _Figures | None = field(name="veristone", default=None)

    @property
    def scores(self) -> list[Score]:
        """All scores."""
        if self.figures is None:
            return []
        plus = [replace(one, tests="plus") for one in self.figures.plus]
        return [replace(one, tests="base") for one in self.figures.base] + plus

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


_FILES: dict[str, tuple[str, type[object]]] = {
    "seeds": ("funnel.json", SeedFunnel),
    "synthesis": ("counts.json", Counts),
    "selection": ("funnel.json", SelectionFunnel),
    # The dataset lies in a folder of its own inside the step's.
    "dataset": ("rows/veristone.json", Manifest),
    "training": ("training.json", Journal),
    "evaluation": ("results.json", Results),
}


def read_parts(run: Run) -> None:
    """Read what every step wrote down, as far as it is there."""
    for step in run.steps.values():
        name, kind = _FILES.get(step.kind, ("", object))
        path = run.folder / step.name / name
        found = read_struct(path, kind, run.trouble) if name else None
        if isinstance(found, Results) and found.figures is None:
            said = "has no figures of ours (`veristone`): evaluated by another program"
            run.trouble.note(path, said)
        elif found is not None:
            run.parts[step.name] = found


def funnel_stages(run: Run, variant: str, number: int) -> list[Stage]:
    """Return how source files became the rows that a variant's model learnt from in a round."""
    chain = run.chain(variant, number)
    seeds = run.part(chain.get("seeds"), SeedFunnel)
    counts = run.part(chain.get("synthesis"), Counts)
    selection = run.part(chain.get("selection"), SelectionFunnel)
    dataset = run.part(chain.get("dataset"), Manifest)
    journal = run.part(chain.get("training"), Journal)
    found: list[Stage] = []
    stages = seed_stages(seeds) if seeds is not None else []
    if stages and stages[0].kept:
        for one in stages:
            reasons = [Counted(*each) for each in one.reasons]
            found.append(Stage("seeds", one.name, one.noun, one.given, one.kept, reasons))
    if counts is not None:
        found += counts.funnel()
    steps = selection.steps if selection is not None else []
    # Verdicts are told by verification: the first two steps of a selection say nothing new there.
    passed = counts.passed if counts is not None else None
    if len(steps) > 2 and steps[1].step == _PASSED and steps[1].kept == passed:
        steps = steps[2:]
    for one in steps:
        reasons = _counted(one.reasons)
        found.append(Stage("selection", one.step, "response", one.given, one.kept, reasons))
    if dataset is not None:
        others = [Counted(*pair) for pair in sorted(dataset.splits.items()) if pair[0] != "train"]
        train = dataset.splits.get("train", 0)
        rows = sum(dataset.splits.values())
        found.append(Stage("dataset", "dataset", "row", rows, train, others))
    if journal is not None and journal.number("read"):
        given, kept = journal.number("read"), journal.number("train_samples")
        found.append(Stage("training", "training", "row", given, kept, _counted(journal.refused)))
    return found


def _counted(numbers: dict[str, int]) -> list[Counted]:
    return [Counted(*pair) for pair in ranked(numbers)]


def _number(values: dict[str, Any], name: str) -> int:
    found = values.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0
