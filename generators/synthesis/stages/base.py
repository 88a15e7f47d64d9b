"""What a stage of a recipe is.

A stage is its own settings: a pydantic model whose fields stand in the recipe and whose `kind` is
its name there. It is pure: `requests` says what to ask the model about a record, `read` says what
the answers are worth. Both depend on the record, the settings and the recipe's random seed alone:
never on a clock, on the order of records, or on what other records became. So a stage can be run by
any number of processes, killed and started again, and ends with the same records.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from pydantic import BaseModel

from veristone import Generation, GenerationRequest
from veristone.generators.synthesis.records import Record, StageResult

__all__ = ["Stage"]


class Stage(BaseModel, ABC, frozen=True, extra="forbid"):
    """A step that asks a model about one record at a time."""

    kind: str
    name: str = ""
    """Name in commands, reports and files; the kind, if not given."""

    @abstractmethod
    def requests(self, record: Record, random_seed: int) -> list[GenerationRequest]:
        """Return what to ask; the ids are made of the stage's name and the record's id.

        An empty list passes the record on as it is.
        """

    @abstractmethod
    def read(self, record: Record, answers: Sequence[Generation], random_seed: int) -> StageResult:
        """Return what the answers, one for each request, are worth.

        Every completion is accounted for: kept in a record or refused with a reason.
        """
