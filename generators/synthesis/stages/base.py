"""What a stage of a recipe is: a template with examples is rendered and sampled; each completion is
kept in a record or refused.

A stage is its own settings: a pydantic model whose fields stand in the recipe and whose `kind` is
its name there. It is pure: `requests` says what to ask the model about a record, `read` says what
the answers are worth. Both depend on the record, the settings and the recipe's random seed alone:
never on a clock, on the order of records, or on what other records became. So a stage can be run by
any number of processes, killed and started again, and ends with the same records.

A request is called `STAGE/RECORD`. Its seed, its examples and the drawn properties come from hashes
of the recipe's random seed, the stage's name and the record's id, so a stage that runs again asks
the same. Results of one completion keep the record's id; of several, they are called `ID/0`,
`ID/1`, ... by the completion's number, so that an id says which answer it was.
"""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Self

import msgspec
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from veristone import Completion, Generation, GenerationRequest
from veristone.generators.code.fences import Fence
from veristone.generators.synthesis.checks.base import Check, Problem, Reason, problem
from veristone.generators.synthesis.checks.copies import duplicate, folded
from veristone.generators.synthesis.checks.text import finish
from veristone.generators.synthesis.draws import Properties, deck_of, number
from veristone.generators.synthesis.examples import Example
from veristone.generators.synthesis.records import Record, Refusal, StageResult, Trace
from veristone.generators.synthesis.templates import Prompt, Template

__all__ = ["Sampling", "Stage", "account"]

_SEEDS = 1 << 31
"""Servers take seeds of 32 bits with a sign."""


class Sampling(BaseModel):
    """Settings of a request. The defaults are those of StarCoder2-Instruct and SelfCodeAlign for
    every stage: temperature 0.7, 1536 tokens, no nucleus."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = Field(default=0.7, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1536, ge=1)
    n: int = Field(default=1, ge=1, le=1024)
    """Completions of one prompt. With more than one, results get ids of their own: `ID/0`, ..."""
    stop: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Strings that end a completion and are no part of it."""


class Stage(BaseModel, frozen=True, extra="forbid"):
    """A step that asks a model about one record at a time, and reads each completion for itself
    with `read_one`."""

    needs: ClassVar[tuple[str, ...]] = ()
    """Parts that an example must have to be shown in this stage."""
    gives: ClassVar[tuple[str, ...]] = ()
    """Variables of templates that have a value after this stage."""

    kind: str
    name: str = ""
    """Name in commands, reports and files; the kind, if not given."""
    template: Template
    shots: int = Field(default=0, ge=0)
    """Examples in a prompt."""
    decks: int = Field(default=32, ge=0)
    """Different draws of examples, see `draws.deck_of`; 0: one for every record."""
    sampling: Sampling = Sampling()
    properties: Properties = Properties()
    """What is drawn for a record before the template is rendered."""
    permit: tuple[Reason, ...] = ()
    """Reasons of refusal that do not count in this stage."""
    markers: tuple[str, ...] = ()
    """More beginnings of lines that give away a leaked prompt, beside those of `checks.text`."""

    _examples: tuple[Example, ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        object.__setattr__(self, "name", self.name or self.kind)
        return self

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
        """Return what to ask about a record: here, one request."""
        return [self.request(self.drawn(record, random_seed), self.template, random_seed)]

    def drawn(self, record: Record, random_seed: int) -> Record:
        """Return the record with its properties drawn."""
        return self.properties.drawn(record, self.name, random_seed)

    def shown(self, record: Record, random_seed: int) -> list[Example]:
        """Return the examples in a record's prompt."""
        return deck_of(
            record.id, self.name, random_seed, self._examples, shots=self.shots, decks=self.decks
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
        """Return a request for a record with its properties drawn; `part` tells several for one
        record apart."""
        prompt = self.prompt(record, template, random_seed, method)
        name = f"{self.name}.{part}/{record.id}" if part else f"{self.name}/{record.id}"
        return GenerationRequest(
            id=name,
            prompt=prompt.text,
            messages=prompt.messages,
            seed=self._seed(name, random_seed),
            **(sampling or self.sampling).model_dump(),
        )

    def _seed(self, request_id: str, random_seed: int) -> int:
        return number("request", random_seed, request_id, below=_SEEDS)

    def trace(self, record: Record, answer: Generation, index: int, random_seed: int) -> Trace:
        """Return how a completion came about."""
        return Trace(
            stage=self.name,
            model=answer.model,
            request=answer.id,
            seed=self._seed(answer.id, random_seed),
            shots=tuple(example.name for example in self.shown(record, random_seed)),
            finish_reason=answer.completions[index].finish_reason,
        )

    def child(self, record: Record, index: int, *traces: Trace, **changes: Any) -> Record:
        """Return the record that a completion is kept in."""
        return msgspec.structs.replace(
            record, id=self._child_id(record, index), traces=(*record.traces, *traces), **changes
        )

    def refusal(
        self, record: Record, index: int, found: Problem, completion: Completion
    ) -> Refusal:
        """Return the account of a completion that is not kept."""
        return Refusal(
            record=msgspec.structs.replace(record, id=self._child_id(record, index)),
            stage=self.name,
            reason=found.reason,
            detail=found.detail,
            text=completion.text,
            finish_reason=completion.finish_reason,
        )

    def _child_id(self, record: Record, index: int) -> str:
        return record.id if self.sampling.n == 1 else f"{record.id}/{index}"

    def read(self, record: Record, answers: Sequence[Generation], random_seed: int) -> StageResult:
        """Return what the answers, one for each request, are worth: here, the completions of one.

        Every completion is accounted for: kept in a record or refused with a reason.
        """
        (answer,) = answers
        kept: list[Record] = []
        refused: list[Refusal] = []
        texts: set[str] = set()
        drawn = self.drawn(record, random_seed)
        for index, completion in enumerate(answer.completions):
            text = completion.text
            found = self.look(
                lambda: finish(text, completion.finish_reason),  # noqa: B023  # called at once
                lambda: duplicate(text, texts),  # noqa: B023
            ) or self.read_one(drawn, text, random_seed)
            if isinstance(found, Problem):
                refused.append(self.refusal(record, index, found, completion))
                continue
            trace = self.trace(record, answer, index, random_seed)
            texts.add(folded(text))
            kept.append(self.child(drawn, index, trace, **found))
        return account(record, kept, refused, answers)

    def read_one(self, record: Record, text: str, random_seed: int) -> dict[str, Any] | Problem:
        """Return the fields of the record that a whole, new completion makes, or why it makes none.

        `record` has its properties drawn.
        """
        raise NotImplementedError(f"{type(self).__name__} reads its answers in its own way")

    def whole(self, blocks: Sequence[Fence]) -> Problem | None:
        """`truncated`: code breaks off: a fence that nothing closes, and that was not closed by a
        stop string either."""
        if any(stop.strip().startswith(("```", "~~~")) for stop in self.sampling.stop):
            return None
        closed = all(block.closed for block in blocks)
        return None if closed else problem("truncated", "a fence is not closed")

    def look(self, *checks: Check) -> Problem | None:
        """Return the first problem that this stage does not permit."""
        found = (check() for check in checks)
        return next((one for one in found if one and one.reason not in self.permit), None)


def account(
    record: Record,
    kept: Sequence[Record],
    refused: Sequence[Refusal],
    answers: Sequence[Generation],
) -> StageResult:
    """Return the result of a record, with the tokens of its answers."""
    return StageResult(
        key=record.id,
        kept=tuple(kept),
        refused=tuple(refused),
        prompt_tokens=sum(answer.prompt_tokens for answer in answers),
        completion_tokens=sum(answer.completion_tokens for answer in answers),
    )
