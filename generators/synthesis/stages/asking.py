"""What all our stages share when they ask: a template, examples, sampling.

A request is called `STAGE/RECORD`. Its seed, its examples and the drawn properties come from hashes
of the recipe's random seed, the stage's name and the record's id, so a stage that runs again asks
the same.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Self, cast

from pydantic import Field, PrivateAttr, model_validator

from veristone import GenerationRequest
from veristone.generators.synthesis.checks.base import Reason
from veristone.generators.synthesis.decks import deck_of
from veristone.generators.synthesis.draws import Properties
from veristone.generators.synthesis.examples import Example
from veristone.generators.synthesis.hashing import number
from veristone.generators.synthesis.records import Record
from veristone.generators.synthesis.stages.base import Stage
from veristone.generators.synthesis.stages.sampling import Sampling
from veristone.generators.synthesis.templates import Prompt, Template

__all__ = ["AskingStage"]

_SEEDS = 1 << 31
"""Servers take seeds of 32 bits with a sign."""


class AskingStage(Stage, frozen=True):
    """A stage that renders a template; `reading` says what becomes of the answers."""

    needs: ClassVar[tuple[str, ...]] = ()
    """Parts that an example must have to be shown in this stage."""
    gives: ClassVar[tuple[str, ...]] = ()
    """Variables of templates that have a value after this stage."""

    template: Template
    shots: int = Field(default=0, ge=0)
    """Examples in a prompt."""
    decks: int = Field(default=32, ge=0)
    """Different draws of examples, see `decks`; 0: one for every record."""
    sampling: Sampling = Sampling()
    properties: Properties = Properties()
    """What is drawn for a record before the template is rendered."""
    permit: tuple[Reason, ...] = ()
    """Reasons of refusal that do not count in this stage."""
    markers: tuple[str, ...] = ()
    """More beginnings of lines that give away a leaked prompt, beside those of `checks.leaks`."""

    _examples: tuple[Example, ...] = PrivateAttr(default=())

    @model_validator(mode="before")
    @classmethod
    def _is_named(cls, value: Any) -> Any:
        """The name defaults to the kind."""
        if not isinstance(value, dict):
            return value
        settings = cast(dict[str, Any], value)
        name = settings.get("name") or cls.model_fields["kind"].default
        return {**settings, "name": name}

    @property
    def examples(self) -> tuple[Example, ...]:
        """Every example that the stage could show."""
        return self._examples

    def with_examples(self, examples: Sequence[Example]) -> Self:
        """Return the stage with the examples that it can show, out of the recipe's.

        Raises:
            ValueError: there are fewer than `shots`.
        """
        fit = [example for example in examples if all(getattr(example, n) for n in self.needs)]
        if len(fit) < self.shots:
            raise ValueError(
                f"stage {self.name!r} shows {self.shots} examples, and of {len(examples)} only "
                f"{len(fit)} have all of: {', '.join(self.needs)}"
            )
        stage = self.model_copy()
        # Frozen are the settings; this is set once, before anybody else has the copy.
        object.__setattr__(stage, "__pydantic_private__", {"_examples": tuple(fit)})
        return stage

    @property
    def templates(self) -> tuple[Template, ...]:
        """Every template that the stage may render."""
        return (self.template,)

    def requests(self, record: Record, random_seed: int) -> list[GenerationRequest]:
        """Return the one request of this record."""
        drawn = self.drawn(record, random_seed)
        return [self.request(drawn, self.template, random_seed)]

    def drawn(self, record: Record, random_seed: int) -> Record:
        """Return the record with its properties drawn."""
        return self.properties.drawn(record, self.name, random_seed)

    def shown(self, record: Record, random_seed: int) -> list[Example]:
        """Return the examples in a record's prompt."""
        return deck_of(
            record.id,
            self.name,
            random_seed,
            self._examples,
            shots=self.shots,
            decks=self.decks,
        )

    def prompt(
        self, record: Record, template: Template, random_seed: int, method: object = ""
    ) -> Prompt:
        """Return what a template renders for a record, with its properties drawn."""
        return template.render(
            {
                "record": record,
                "seed_code": record.seed.text.rstrip("\n") if record.seed is not None else "",
                "shots": self.shown(record, random_seed),
                "concepts": record.concepts,
                "category": record.category,
                "difficulty": record.difficulty,
                "language": record.language,
                "instruction": record.instruction,
                "method": method,
            }
        )

    def request(
        self,
        record: Record,
        template: Template,
        random_seed: int,
        *,
        method: object = "",
        sampling: Sampling | None = None,
        part: str = "",
    ) -> GenerationRequest:
        """Return a request for a record with its properties drawn."""
        prompt = self.prompt(record, template, random_seed, method)
        wanted = sampling or self.sampling
        return GenerationRequest(
            id=self.request_id(record, part),
            prompt=prompt.text,
            messages=prompt.messages,
            n=wanted.n,
            max_tokens=wanted.max_tokens,
            temperature=wanted.temperature,
            top_p=wanted.top_p,
            stop=wanted.stop,
            seed=self.request_seed(record, random_seed, part),
        )

    def request_id(self, record: Record, part: str = "") -> str:
        """Return the id of a request; `part` tells several for one record apart."""
        name = f"{self.name}.{part}" if part else self.name
        return f"{name}/{record.id}"

    def request_seed(self, record: Record, random_seed: int, part: str = "") -> int:
        """Return the seed of a request, from 0 to 2**31 - 1."""
        return number("request", random_seed, self.request_id(record, part), below=_SEEDS)
