"""What all our stages share: a template, examples, sampling, and the account of what came back.

A request is called `STAGE/RECORD`. Its seed, its examples and the drawn properties come from hashes
of the recipe's random seed, the stage's name and the record's id, so a stage that runs again asks
the same.
"""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar, Self, cast

import msgspec
from pydantic import Field, PrivateAttr, model_validator

from generators.synthesis.checks.base import Check, Problem, Reason, first_problem, problem
from generators.synthesis.checks.copies import duplicate
from generators.synthesis.checks.finish import finish
from generators.synthesis.decks import deck_of
from generators.synthesis.draws import Properties
from generators.synthesis.examples import Example
from generators.synthesis.hashing import number
from generators.synthesis.parsing.fences import Fence
from generators.synthesis.parsing.words import folded
from generators.synthesis.records import Record, Refusal, StageResult, Trace
from generators.synthesis.stages.base import Stage
from generators.synthesis.stages.sampling import Sampling
from generators.synthesis.templates import Prompt, Template
from veristone import Completion, Generation, GenerationRequest

__all__ = ["AskingStage"]

_SEEDS = 1 << 31
"""Servers take seeds of 32 bits with a sign."""


class AskingStage(Stage, frozen=True):
    """A stage that renders a template and reads each completion for itself."""

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
        name = self.request_id(record, part)
        return GenerationRequest(
            id=name,
            prompt=prompt.text,
            messages=prompt.messages,
            n=wanted.n,
            max_tokens=wanted.max_tokens,
            temperature=wanted.temperature,
            top_p=wanted.top_p,
            stop=wanted.stop,
            seed=number("request", random_seed, name, below=_SEEDS),
        )

    def child_id(self, record: Record, index: int) -> str:
        """Return the id of the result of a completion."""
        return record.id if self.sampling.n == 1 else f"{record.id}/{index}"

    def request_id(self, record: Record, part: str = "") -> str:
        """Return the id of a request; `part` tells several for one record apart."""
        name = f"{self.name}.{part}" if part else self.name
        return f"{name}/{record.id}"

    def trace(
        self,
        record: Record,
        answer: Generation,
        index: int,
        random_seed: int,
        part: str = "",
    ) -> Trace:
        """Return how a completion came about."""
        request = self.request_id(record, part)
        return Trace(
            stage=self.name,
            model=answer.model,
            request=request,
            seed=number("request", random_seed, request, below=_SEEDS),
            shots=tuple(example.name for example in self.shown(record, random_seed)),
            finish_reason=answer.completions[index].finish_reason,
        )

    def child(self, record: Record, index: int, *traces: Trace, **changes: Any) -> Record:
        """Return the record that a completion is kept in."""
        return msgspec.structs.replace(
            record, id=self.child_id(record, index), traces=(*record.traces, *traces), **changes
        )

    def refusal(
        self, record: Record, index: int, found: Problem, completion: Completion
    ) -> Refusal:
        """Return the account of a completion that is not kept."""
        return Refusal(
            record=msgspec.structs.replace(record, id=self.child_id(record, index)),
            stage=self.name,
            reason=found.reason,
            detail=found.detail,
            text=completion.text,
            finish_reason=completion.finish_reason,
        )

    def read(self, record: Record, answers: Sequence[Generation], random_seed: int) -> StageResult:
        """Return what the completions of the one answer are worth, each by `read_one`."""
        kept: list[Record] = []
        refused: list[Refusal] = []
        texts: set[str] = set()
        drawn = self.drawn(record, random_seed)
        for answer in answers[:1]:
            for index, completion in enumerate(answer.completions):
                found = self._read(drawn, completion, texts, random_seed)
                if isinstance(found, Problem):
                    refused.append(self.refusal(record, index, found, completion))
                    continue
                trace = self.trace(record, answer, index, random_seed)
                texts.add(folded(completion.text))
                kept.append(self.child(drawn, index, trace, **found))
        return self.result(record, kept, refused, answers)

    def result(
        self,
        record: Record,
        kept: Sequence[Record],
        refused: Sequence[Refusal],
        answers: Sequence[Generation],
    ) -> StageResult:
        """Return the account of a record; one that nothing was asked about passes as it is."""
        return StageResult(
            key=record.id,
            kept=tuple(kept) if answers else (record,),
            refused=tuple(refused),
            prompt_tokens=sum(answer.prompt_tokens for answer in answers),
            completion_tokens=sum(answer.completion_tokens for answer in answers),
        )

    def _read(
        self, record: Record, completion: Completion, before: Collection[str], random_seed: int
    ) -> dict[str, Any] | Problem:
        text = completion.text
        checks = (
            lambda: finish(text, completion.finish_reason),
            lambda: duplicate(text, before),
        )
        found = first_problem(checks, self.permit)
        return found or self.read_one(record, text, random_seed)

    def read_one(self, record: Record, text: str, random_seed: int) -> dict[str, Any] | Problem:
        """Return the fields of the record that a whole, new completion makes, or why it makes none.

        `record` has its properties drawn.
        """
        raise NotImplementedError(f"{type(self).__name__} reads its answers in its own way")

    def whole(self, blocks: Sequence[Fence]) -> Problem | None:
        """Return whether code breaks off: a fence that nothing closes, and that was not closed by
        a stop string either."""
        if any(stop.strip().startswith(("```", "~~~")) for stop in self.sampling.stop):
            return None
        open_ones = [block for block in blocks if not block.closed]
        return problem("truncated", "a fence is not closed") if open_ones else None

    def look(self, *checks: Check) -> Problem | None:
        """Return the first problem that this stage does not permit."""
        return first_problem(checks, self.permit)
