"""Data sets of the Hugging Face hub, streamed: nothing is downloaded first.

`datasets` is imported when the source is used. A part is a shard (as a rule one file of the data
set), as the revision had it that was current when the run began; a run that goes on later reads the
same one. Code that comes with a data set is never run.
"""

import importlib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Protocol, Self, cast

from pydantic import Field

from veristone import ConfigError, DatasetError
from veristone.generators.seeds.records import Document, Rejection
from veristone.generators.seeds.sources.base import Part
from veristone.generators.seeds.sources.columns import RowSettings
from veristone.generators.seeds.sources.text import one_line

__all__ = ["HubSource"]

_MISSING = "{name} is not installed: pip install datasets"


class HubSource(RowSettings):
    """Rows of a data set by its name on a hub (or of a local folder that is laid out as one)."""

    kind: Literal["hub"] = "hub"
    dataset: str = Field(min_length=1)
    """`bigcode/the-stack-dedup`; gated ones need the token that `hf auth login` leaves."""
    config: str | None = None
    split: str = "train"
    data_dir: str | None = None
    """A folder inside the data set: `data/python`."""
    revision: str | None = None
    """Commit, branch or tag; a commit makes the recipe mean the same for ever."""

    def parts(self) -> Iterator[Part]:
        """Yield the shards in their order; all in one if there is a limit.

        Raises:
            ConfigError: `datasets` is not installed, no hub answers, there is no such data set, or
                it has not the columns it should.
        """
        revision = self._current_revision()
        try:
            rows = self._opened(revision)
            names = _names(rows)
            shards = rows.num_shards
        except ConfigError:
            raise
        except Exception as error:  # the hub's, its file system's or its formats'
            raise ConfigError(self._said(error)) from error
        self.resolved(names)
        if self.limit is not None:
            yield Part(paths=(revision, ""), last=self.limit)
            return
        for index in range(shards):
            yield Part(paths=(revision, f"{index}/{shards}"))

    def read(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the rows of a shard, one by one.

        Raises:
            DatasetError: the hub stopped answering; run again to go on.
        """
        revision, shard = part.paths
        rows = iter(())
        try:
            opened = self._opened(revision)
            columns = self.columns.resolved(_names(opened))
            if shard:
                index, _, shards = shard.partition("/")
                opened = opened.shard(num_shards=int(shards), index=int(index))
            chosen = opened.select_columns(list(columns.values()))
            rows = iter(islice(chosen, part.last if part.last >= 0 else None))
        except Exception as error:
            raise DatasetError(self._said(error)) from error
        while (row := self._next(rows)) is not None:
            yield self.document({field: row.get(name) for field, name in columns.items()})

    def _next(self, rows: Iterator[dict[str, object]]) -> dict[str, object] | None:
        try:
            return next(rows, None)
        except Exception as error:
            raise DatasetError(self._said(error)) from error

    def _opened(self, revision: str) -> "_Rows":
        datasets = _module("datasets")
        load = cast(Callable[..., _Rows], datasets.load_dataset)
        return load(
            self.dataset,
            name=self.config,
            split=self.split,
            data_dir=self.data_dir,
            revision=revision or None,
            streaming=True,
        )

    def _current_revision(self) -> str:
        """Return the commit that the revision stands for now, nothing for a local folder."""
        if Path(self.dataset).is_dir():
            return ""
        _module("datasets")
        hub = _module("huggingface_hub")
        try:
            return str(hub.HfApi().dataset_info(self.dataset, revision=self.revision).sha)
        except Exception as error:
            raise ConfigError(self._said(error)) from error

    def _said(self, error: Exception) -> str:
        return (
            f"source {self.name}: the data set {self.dataset} cannot be read: "
            f"{type(error).__name__}: {one_line(str(error), 500)}"
        )


class _Rows(Protocol):
    """What is used of `datasets.IterableDataset`."""

    column_names: list[str] | None
    num_shards: int

    def __iter__(self) -> Iterator[dict[str, object]]: ...
    def shard(self, num_shards: int, index: int) -> Self: ...
    def select_columns(self, column_names: list[str]) -> Self: ...


def _names(rows: _Rows) -> list[str]:
    """Return the columns; of a data set that does not declare them, those of its first row."""
    return rows.column_names or [name for row in islice(rows, 1) for name in row]


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ConfigError(_MISSING.format(name=name)) from error
