"""Everything that the report says, as data: the content of `report.json`.

Numbers are as they were counted, text as it was found (cut, but not made visible): whoever shows it
does that. Fields are added and never change their meaning. Shares lie between 0 and 1; what is
counted by name stands largest first.
"""

from typing import Any, Literal, NamedTuple

from msgspec import Struct

from veristone.generators.pages.sections import Reading
from veristone.loop.plan import Kind
from veristone.training.evaluation.passk import Score
from veristone.training.evaluation.results import Summary
from veristone.training.finetune.journal import Attempt

__all__ = [
    "Data",
    "DataSet",
    "Difference",
    "Facts",
    "Pair",
    "Point",
    "Rate",
    "Result",
    "RoundRow",
    "Stage",
    "StepCost",
    "Training",
    "Verdicts",
]


class Stage(Struct, frozen=True):
    """A stage of the funnel from source files to training rows."""

    part: Literal["seeds", "synthesis", "selection", "dataset", "training"]
    name: str
    unit: str
    """What is kept: `seed`, `record`, `response`, `row`."""
    given: int
    kept: int
    """More than `given` where a stage makes several of one."""
    reasons: dict[str, int] = {}
    """Why the others went no further."""


class Rate(NamedTuple):
    """Passes among decided responses."""

    passed: int
    decided: int


class Verdicts(Struct, frozen=True, kw_only=True):
    """What became of the responses of one synthesis."""

    responses: int = 0
    instructions: int = 0
    instructions_passed: int = 0
    undecided: int = 0
    """And those without a verdict."""
    rates: dict[str, dict[str, Rate]] = {}
    """By `category`, `difficulty`, `language`."""
    reasons: dict[str, int] = {}
    """Of failures, typed."""
    refusals: dict[str, int] = {}
    """Of answers that a check refused before they were judged, by `stage: reason`."""
    samples: dict[str, list[Reading]] = {}
    """By `passed`, reason and refusal."""

    @property
    def decided(self) -> int:
        """Responses with a verdict."""
        return self.responses - self.undecided

    @property
    def passed(self) -> int:
        """Responses that passed."""
        return self.decided - sum(self.reasons.values())


class Pair(NamedTuple):
    """A selected row and the task of a benchmark that is nearest to it."""

    cosine: float
    row: str
    task: str
    row_text: str
    task_text: str


class DataSet(Struct, frozen=True, kw_only=True):
    """A set of rows, as it is looked at."""

    name: str
    rows: int
    """Rows that were looked at; an even sample of very many."""
    lengths: dict[str, dict[int, int]]
    """By part (`instruction`, `response`; `seed`): words and signs, to rows."""
    categories: dict[str, int]
    """What they are about, most frequent first; of a smaller sample where a model was asked."""
    numbers: dict[str, dict[int, int]]
    """By benchmark: hundredths of the TF-IDF cosine to the nearest task, to rows."""


class Data(Struct, frozen=True, kw_only=True):
    """What the data of the run look like, beside other sets."""

    sorted_by: str
    """`keywords`, or the model whose embeddings decided about categories."""
    tasks: dict[str, int]
    """Of each benchmark that rows were compared with."""
    sets: list[DataSet]
    """First the rows that the main variant's latest round selected."""
    pairs: list[Pair]
    """The most similar ones of the first set."""


class Point(NamedTuple):
    """Neighbouring steps of training: the last of them, their mean, least and largest value."""

    step: int
    mean: float
    low: float
    high: float


class Training(Struct, frozen=True, kw_only=True):
    """One training."""

    variants: list[str]
    """That use its model."""
    round: int
    state: str
    samples: int
    steps: int
    planned_steps: int
    tokens: int
    """Of all samples so far, each as often as it was seen."""
    curves: dict[str, list[Point]]
    """`loss`, `evaluation_loss`, `learning_rate`, `grad_norm` over the steps, thinned."""
    attempts: list[Attempt]


class Result(Struct, frozen=True, kw_only=True):
    """One model on one benchmark."""

    label: str
    variant: str
    round: int
    settings: str
    """What of the recipe decides the number: samples, temperature, style."""
    figures: Summary
    """As evaluation wrote them: scores with 95 % intervals over tasks."""

    @property
    def main(self) -> Score | None:
        """The score that is drawn: the smallest k of the strictest tests."""
        found = self.figures.plus or self.figures.base
        return min(found, key=lambda score: score.k, default=None)


class Difference(Struct, frozen=True, kw_only=True):
    """The tuned model against another over the tasks that both have decided samples of.

    95 % interval: percentile bootstrap over those tasks, both models resampled together.
    """

    label: str
    round: int
    other: str
    """A variant, as in results."""
    other_round: int
    mean: float
    """Of the share of a task's samples that are right."""
    low: float
    high: float
    tasks: int

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


class RoundRow(Struct, frozen=True, kw_only=True):
    """One round of one variant; None for what it does not have."""

    round: int
    variant: str
    responses: int | None
    passed: int | None
    selected: int | None
    trained: int | None
    """Rows that the model was trained on."""


class StepCost(Struct, frozen=True):
    """What a step cost."""

    name: str
    kind: Kind
    state: Literal["done", "failed", "stopped"]
    wall_s: float
    starts: int
    device_s: float
    prompt_tokens: int
    completion_tokens: int
    trained_tokens: int


class Facts(Struct, kw_only=True):
    """A run, so far."""

    version: int = 3
    name: str
    rounds: int = 1
    missing: list[str] = []
    """What the recipe asks for and is not there."""
    trouble: list[str] = []
    """Files that are there and could not be read."""
    funnel: list[Stage] = []
    """Of the main variant's last round that has a synthesis."""
    funnel_round: int = 1
    verdicts: Verdicts = Verdicts()
    data: Data | None = None
    training: list[Training] = []
    results: list[Result] = []
    differences: list[Difference] = []
    variants: dict[str, str] = {}
    """Variants but the main one, with their descriptions; the first is the control."""
    by_round: list[RoundRow] = []
    costs: list[StepCost] = []
    recipe: dict[str, Any] = {}
    """As frozen in `align.json`, absolute paths cut down to their last part."""
    versions: dict[str, str] = {}
    """What took part."""
