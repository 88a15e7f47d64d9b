"""Everything that the report says, as data: the content of `report.json`.

Numbers are as they were counted, text as it was found (cut, but not made visible): whoever shows it
does that. Fields are added and never change their meaning. Shares lie between 0 and 1.
"""

from typing import Any, Literal

from msgspec import Struct

from veristone.generators.pages.sections import Piece

__all__ = [
    "Attempt",
    "Compared",
    "Counted",
    "Curve",
    "Difference",
    "Facts",
    "Lengths",
    "Pair",
    "Point",
    "Rate",
    "Result",
    "RoundRow",
    "Sample",
    "Score",
    "Similarity",
    "Stage",
    "StepCost",
    "Strength",
    "Training",
    "VariantRow",
    "Verdicts",
]


class Counted(Struct, frozen=True):
    """How many there are of something."""

    name: str
    number: int


class Stage(Struct, frozen=True):
    """A stage of the funnel from source files to training rows."""

    part: Literal["seeds", "synthesis", "selection", "dataset", "training"]
    name: str
    unit: str
    """What is kept: `seed`, `record`, `response`, `row`."""
    given: int
    kept: int
    """More than `given` where a stage makes several of one."""
    reasons: list[Counted] = []
    """Why the others went no further, most frequent first."""


class Rate(Struct, frozen=True):
    """Passes among decided responses."""

    name: str
    passed: int
    decided: int


class Lengths(Struct, frozen=True):
    """How long something is."""

    what: str
    unit: str
    numbers: dict[int, int]
    """Length to how many have it; the longest share the last number."""


class Sample(Struct, frozen=True):
    """Something to read."""

    id: str
    label: str
    """What a list of samples is grouped by: a verdict's reason, a stage and its reason."""
    said: str = ""
    """What a check or the verifier found, in a line."""
    pieces: list[Piece] = []


class Verdicts(Struct, frozen=True, kw_only=True):
    """What became of the responses of one synthesis."""

    synthesis: str
    """Name of the step."""
    responses: int = 0
    instructions: int = 0
    instructions_passed: int = 0
    undecided: int = 0
    """And those without a verdict."""
    by_category: list[Rate] = []
    by_difficulty: list[Rate] = []
    by_language: list[Rate] = []
    by_asserts: list[Rate] = []
    """Of a fair sample, by the number of effective asserts in the tests."""
    by_asserts_of: int = 0
    """Size of that sample."""
    reasons: list[Counted] = []
    """Of failures, typed."""
    lengths: list[Lengths] = []
    samples: list[Sample] = []
    refusals: list[Counted] = []
    """By `stage: reason`."""
    refused_samples: list[Sample] = []


class Strength(Struct, frozen=True, kw_only=True):
    """What the tests of the selected rows are worth."""

    asserts: dict[int, int] = {}
    """Effective asserts to rows."""
    mutants: dict[int, int] = {}
    """Per cent of mutants noticed to rows."""
    agreement: dict[int, int] = {}
    """Solutions that behave alike to rows."""
    stub_passes: int = 0
    """Scored responses whose tests pass with functions that do nothing."""
    scored: int = 0


class Pair(Struct, frozen=True):
    """A selected row and the task of a benchmark that is nearest to it."""

    cosine: float
    row: str
    item: str
    row_text: str
    item_text: str


class Compared(Struct, frozen=True):
    """A benchmark that rows were compared with."""

    name: str
    items: int
    numbers: dict[int, int]
    """Hundredths of the cosine to the nearest task, to rows."""


class Similarity(Struct, frozen=True):
    """TF-IDF cosine of selected rows to the nearest task of each benchmark."""

    rows: int
    compared: int
    """A fair sample of the rows, or all."""
    benchmarks: list[Compared]
    pairs: list[Pair]
    """The most similar ones."""
    unread: list[str] = []
    """Benchmarks that could not be read."""


class Point(Struct, frozen=True):
    """Neighbouring steps of training: the last of them, their mean, least and largest value."""

    step: int
    mean: float
    low: float
    high: float


class Curve(Struct, frozen=True):
    """A measure over the steps of training, thinned."""

    what: Literal["loss", "learning_rate", "grad_norm", "evaluation_loss"]
    points: list[Point]


class Attempt(Struct, frozen=True, kw_only=True):
    """One start of a training."""

    started_at: str = ""
    devices: list[str] = []
    from_step: int = 0
    to_step: int = 0
    wall_s: float = 0.0
    device_s: float = 0.0


class Training(Struct, frozen=True, kw_only=True):
    """One training."""

    step: str
    variants: list[str]
    """That use its model."""
    round: int
    state: str
    samples: int
    tokens: int
    """Of the samples, once."""
    learnt_tokens: int
    steps: int
    planned_steps: int
    seen_tokens: int
    curves: list[Curve]
    attempts: list[Attempt]


class Score(Struct, frozen=True, kw_only=True):
    """pass@k with its 95 % interval over tasks, as evaluation wrote it."""

    tests: Literal["base", "plus"] = "base"
    k: int
    mean: float
    low: float
    high: float
    tasks: int = 0


class Result(Struct, frozen=True, kw_only=True):
    """One model on one benchmark."""

    step: str
    label: str
    variant: str
    round: int
    tasks: int
    samples: int
    undecided: int
    scores: list[Score]
    notes: list[str] = []
    settings: str = ""
    """What of the recipe decides the number: samples, temperature, style."""

    @property
    def main(self) -> Score | None:
        """The score that is drawn: the smallest k of the strictest tests."""
        tests = "plus" if any(score.tests == "plus" for score in self.scores) else "base"
        found = [score for score in self.scores if score.tests == tests]
        return min(found, key=lambda score: score.k, default=None)


class Difference(Struct, frozen=True, kw_only=True):
    """One model against another over the tasks that both have decided samples of.

    95 % interval: percentile bootstrap over those tasks, both models resampled together.
    """

    label: str
    round: int
    variant: str
    other: str
    other_round: int
    mean: float
    """`variant` minus `other`, of the share of a task's samples that are right."""
    low: float
    high: float
    tasks: int
    tests: Literal["base", "plus"]

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


class VariantRow(Struct, frozen=True):
    """A variant in its last round."""

    name: str
    description: str
    rows: int | None
    """That it was trained on; None where that is not known."""
    trained: str
    """Name of the training step; another variant's where they share it."""


class RoundRow(Struct, frozen=True, kw_only=True):
    """One round of one variant."""

    round: int
    variant: str
    responses: int | None
    passed: int | None
    selected: int | None
    trained: int | None


class StepCost(Struct, frozen=True, kw_only=True):
    """What a step cost."""

    name: str
    kind: str
    state: Literal["done", "failed", "stopped"]
    wall_s: float
    starts: int
    device_s: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    trained_tokens: int = 0


class Facts(Struct, kw_only=True):
    """A run, so far."""

    version: int = 1
    name: str
    rounds: int = 1
    missing: list[str] = []
    """What the recipe asks for and is not there."""
    trouble: list[str] = []
    """Files that are there and could not be read."""
    funnel: list[Stage] = []
    """Of the main variant's last round that has a synthesis or a selection."""
    funnel_round: int = 0
    idle: list[str] = []
    """Stages of the funnel that let everything through."""
    verdicts: Verdicts | None = None
    topics: list[Counted] = []
    """Selected rows by topic."""
    lengths: list[Lengths] = []
    """Of the selected rows."""
    strength: Strength | None = None
    similarity: Similarity | None = None
    training: list[Training] = []
    results: list[Result] = []
    differences: list[Difference] = []
    control: str = ""
    """The recipe's first variant: what the main one is compared with."""
    variants: list[VariantRow] = []
    by_round: list[RoundRow] = []
    costs: list[StepCost] = []
    recipe: dict[str, Any] = {}
    """As frozen in `align.json`, absolute paths cut down to their last part."""
    versions: dict[str, list[str]] = {}
    """What took part, to its versions."""
    commands: list[str] = []
