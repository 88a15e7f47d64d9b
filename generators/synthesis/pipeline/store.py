"""Where what a stage made of a record is kept, once.

Queues deliver at least once, so two workers may make something of the same record, at the same time
or a crash apart. Only what was kept first under (stage, key) counts; both go on with that. So
whatever follows from a record is the same for everybody, and a record that comes again costs
nothing but a look.

Counts are added in the same transaction as the result they belong to: they are exact at every
moment, and reading them costs the same however large the store is.

Not promised: an order of `items`, and whether a result that is kept meanwhile is among them.
"""

from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Protocol, Self

__all__ = ["Counts", "ResultStore"]

Counts = dict[str, dict[str, int]]
"""Of each stage: what was counted there, by name."""


class ResultStore(Protocol):
    """Results by stage and key. Implementations: `SQLiteStore`, `RedisStore`.

    Every method raises `QueueUnavailable` when the disk is full or the server does not answer, and
    `ConfigError` when the storage is damaged or not ours.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

    async def get(self, stage: str, key: str) -> bytes | None:
        """Return what was kept, or None."""
        ...

    async def keep(self, stage: str, key: str, payload: bytes, counts: Mapping[str, int]) -> bytes:
        """Keep a result unless one is there, and return the one that is kept then.

        `counts` are added to those of the stage if this was the first. What this returned for
        survives a kill of the process; with SQLite also a crash of the machine.
        """
        ...

    async def counts(self) -> Counts:
        """Return all counts."""
        ...

    def items(self, stage: str) -> AsyncIterator[tuple[str, bytes]]:
        """Yield key and result of everything kept for a stage, in bounded memory."""
        ...
