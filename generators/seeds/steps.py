"""What a step of a recipe is.

A step is its own configuration: a pydantic model whose fields are the recipe's settings and whose
`kind` is its name there. Three kinds, by what they need to see:

    BatchStep   seeds of any part in any worker process, independent of one another
    OrderedStep all seeds so far: parts pass one after another, in order
    AsyncStep   somebody outside: the verifier, or a model

`BatchStep.apply` and the others return one outcome for every seed, in order: the seed (perhaps with
something added; where its code was changed, with the id of that) or why it is rejected. An outcome
depends on the seed and the recipe alone (for an ordered step also on the seeds before it): never on
the machine, on time or on how seeds were batched.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol, TypeAlias

from pydantic import BaseModel

from veristone import Verifier
from veristone.generators.judge.records import Judgement
from veristone.generators.seeds.records import Seed
from veristone.text import line

__all__ = [
    "AsyncStep",
    "BatchStep",
    "Decide",
    "Flagged",
    "Judge",
    "OrderedStep",
    "Outcome",
    "Rejected",
    "Rule",
    "Services",
    "Step",
    "Unjudged",
    "rejected",
]

_DETAIL = 120
"""Characters."""


class Rejected(NamedTuple):
    """Why a step rejects a seed."""

    reason: str
    """A short fixed word, for counting."""
    detail: str = ""
    """What exactly was found, for a person; at most a line."""


class Flagged(NamedTuple):
    """A seed that goes on, and what is remarkable about it: counted, with examples."""

    seed: Seed
    reason: str
    detail: str = ""


class Unjudged(NamedTuple):
    """A seed that goes on though the step could not judge it: counted."""

    seed: Seed
    reason: str


Outcome: TypeAlias = Seed | Flagged | Unjudged | Rejected


def rejected(reason: str, detail: str) -> Rejected:
    """Return a rejection with a detail of any text, made one line that can be shown."""
    return Rejected(reason, line(" ".join(detail[: 8 * _DETAIL].split()), _DETAIL))


class Step(BaseModel, ABC, frozen=True, extra="forbid"):
    """What all steps have."""

    kind: str
    """Name of the step in recipes, reports and rejections."""
    languages: ClassVar[frozenset[str] | None] = None
    """Languages that the step can judge, None for all. It is never shown seeds of others: they
    pass, and the funnel counts them as not applicable."""

    def prepare(self, folder: Path) -> None:
        """Make in `folder` what `apply` reads there: an index, a configuration. Once, in the
        parent process, before the step's first batch; again, over what is there, on resuming.

        Raises:
            ConfigError: something that the step needs is missing or has the wrong version.
        """


class BatchStep(Step, frozen=True):
    """A step that looks at each seed by itself, in a worker process."""

    gathers: ClassVar[bool] = False
    """Whether it pays to bring seeds of several parts together first: its tool starts slowly."""

    @abstractmethod
    def apply(self, seeds: Sequence[Seed], folder: Path) -> list[Outcome]:
        """Return one outcome for each seed, in order. `folder` is what `prepare` got."""


class Rule(BatchStep, frozen=True):
    """A batch step that needs nothing but the one seed."""

    @abstractmethod
    def judge(self, seed: Seed) -> Outcome:
        """Return the seed or why it is rejected."""

    def apply(self, seeds: Sequence[Seed], folder: Path) -> list[Outcome]:
        """Judge one after another."""
        return [self.judge(seed) for seed in seeds]


Decide: TypeAlias = Callable[[Seed], Outcome]


class OrderedStep(Step, frozen=True):
    """A step that remembers which seeds it has kept. It runs in the parent process.

    A decision follows from the seeds that were kept before: after an interruption these are decided
    about once more, and no others.
    """

    @abstractmethod
    def begin(self) -> Decide:
        """Return a function that decides about one seed after another, and knows none yet."""


class Judge(Protocol):
    """A model that says whether documentation describes its code well enough to write it anew."""

    async def judge(self, seeds: Sequence[Seed]) -> list[Judgement]:
        """Return the judgement of each seed, in order.

        Raises:
            ModelUnavailable: the model does not answer; the same seeds may be asked about later.
        """
        ...


class Services(NamedTuple):
    """Whom asynchronous steps may ask. None: nobody is there."""

    verifier: Verifier | None = None
    judge: Judge | None = None


class AsyncStep(Step, frozen=True):
    """A step that asks the verifier or a model."""

    @abstractmethod
    async def ask(self, seeds: Sequence[Seed], services: Services, folder: Path) -> list[Outcome]:
        """Return one outcome for each seed, in order.

        Raises:
            ConfigError: the service that the step needs is not there.
        """
