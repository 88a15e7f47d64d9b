"""What all our stages share when they read: every completion is kept in a record or refused.

Results of one completion keep the record's id; of several, they are called `ID/0`, `ID/1`, ... by
the completion's number, so that an id says which answer it was.
"""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from veristone import Completion, Generation
from veristone.generators.code.fences import Fence
from veristone.generators.synthesis.checks.base import Check, Problem, first_problem, problem
from veristone.generators.synthesis.checks.copies import duplicate
from veristone.generators.synthesis.checks.finish import finish
from veristone.generators.synthesis.parsing.words import folded
from veristone.generators.synthesis.records import Record, Refusal, StageResult, Trace
from veristone.generators.synthesis.stages.asking import AskingStage

__all__ = ["ReadingStage"]


class ReadingStage(AskingStage, frozen=True):
    """A stage that reads each completion for itself, with `read_one`."""

    def child_id(self, record: Record, index: int) -> str:
        """Return the id of the result of a completion."""
        return record.id if self.sampling.n == 1 else f"{record.id}/{index}"

    def trace(
        self,
        record: Record,
        answer: Generation,
        index: int,
        random_seed: int,
        part: str = "",
    ) -> Trace:
        """Return how a completion came about."""
        return Trace(
            stage=self.name,
            model=answer.model,
            request=self.request_id(record, part),
            seed=self.request_seed(record, random_seed, part),
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
