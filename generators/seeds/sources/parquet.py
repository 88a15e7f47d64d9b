"""Parquet files: The Stack and its descendants, here or on the Hugging Face hub.

Parts are runs of row groups. Only the columns that are asked for are read, some rows at a time.

pyarrow is imported when something is read. The layout inside a file is its to check: a file that
was made to break pyarrow is outside what is promised here.

Files of a hub are streamed: nothing is downloaded first. `huggingface_hub` lists and opens them. A
part is a file, as the revision had it that was current when the run began; a run that goes on later
reads the same one. The hub keeps a copy in parquet of most data sets that are something else, in
the revision `refs/convert/parquet`. Code that comes with a data set is never run.
"""

import re
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from veristone import ConfigError, DatasetError
from veristone.generators.seeds.records import Document, Rejection
from veristone.generators.seeds.sources.base import Part, runs
from veristone.generators.seeds.sources.columns import RowSettings
from veristone.generators.seeds.sources.files import files_of
from veristone.generators.seeds.sources.text import one_line

__all__ = ["HubSource", "ParquetSource"]

_BATCH_ROWS = 64
_SPLITS = re.compile(r"(?<![a-z])(train|test|valid|validation|dev)(?![a-z])")


class _RowGroups(RowSettings, frozen=True):
    """Reads row groups of parquet files, wherever they are."""

    @abstractmethod
    def opened(self, path: str) -> AbstractContextManager[Any]:
        """Return a `pyarrow.parquet.ParquetFile`."""

    def items(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the part's rows, one by one."""
        for path in part.paths:
            name = Path(path).name
            try:
                with self.opened(path) as file:
                    columns = self.asked_for(file.schema_arrow.names)
                    end = part.last if part.last >= 0 else None
                    for group in range(file.num_row_groups)[part.first : end]:
                        yield from self._rows(file, group, columns, name)
            except FileNotFoundError:
                yield self.failed("missing", name)
            except _broken() as error:
                yield self.failed("damaged", f"{name}: {type(error).__name__}")

    def _rows(
        self, file: Any, group: int, columns: list[str], name: str
    ) -> Iterator[Document | Rejection]:
        try:
            for batch in file.iter_batches(_BATCH_ROWS, [group], columns, use_threads=False):
                yield from map(self.document, batch.to_pylist())
        except _broken() as error:
            detail = f"{name}: row group {group}: {type(error).__name__}"
            yield self.failed("damaged", detail)


class ParquetSource(_RowGroups, frozen=True):
    """Rows of parquet files."""

    kind: Literal["parquet"] = "parquet"
    path: str
    """A file, a folder with `.parquet` files at any depth, or a glob of either."""

    def parts(self) -> Iterator[Part]:
        """Yield runs of row groups, file by file; all files in one part if there is a limit.

        Raises:
            ConfigError: there is no such file, or it has not the columns it should.
        """
        files = files_of(self.path, (".parquet",), ".parquet files")
        sizes = {path: self._group_sizes(path) for path in files}
        if self.limit is not None:
            yield Part(paths=tuple(files))
            return
        for path, groups in sizes.items():
            for run in runs(enumerate(groups), self.part_mib << 20):
                yield Part(paths=(path,), first=run[0], last=run[-1] + 1)

    def opened(self, path: str) -> AbstractContextManager[Any]:
        """Open a file that lies here."""
        return _parquet().ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)

    def _group_sizes(self, path: str) -> list[int]:
        """Return the bytes of content in each row group."""
        try:
            with self.opened(path) as file:
                content = self.asked_for(file.schema_arrow.names)[0]
                self.expect_licences(file.schema_arrow.names)
                groups = map(file.metadata.row_group, range(file.num_row_groups))
                return [_size(group, content) for group in groups]
        except _broken() as error:
            raise ConfigError(f"source {self.name}: {path} is no parquet file: {error}") from error


class HubSource(_RowGroups, frozen=True):
    """Rows of a data set by its name on a hub."""

    kind: Literal["hub"] = "hub"
    dataset: str = Field(min_length=1)
    """`bigcode/the-stack-dedup`; gated ones need the token that `hf auth login` leaves."""
    split: str = "train"
    """Of files that name a split, those of this one."""
    data_dir: str = ""
    """A folder inside the data set: `data/python`."""
    revision: str | None = None
    """Commit, branch or tag; a commit makes the recipe mean the same for ever."""

    def parts(self) -> Iterator[Part]:
        """Yield the files in their order; all in one if there is a limit.

        Raises:
            ConfigError: no hub answers, there is no such data set, or it has not the columns it
                should.
        """
        try:
            files = self._files()
            with self.opened(files[0]) as file:
                names: list[str] = file.schema_arrow.names
        except ConfigError:
            raise
        except Exception as error:  # the hub's, its file system's or pyarrow's
            raise ConfigError(self._said(error)) from error
        self.asked_for(names)
        self.expect_licences(names)
        shards = [tuple(files)] if self.limit is not None else [(path,) for path in files]
        yield from (Part(paths=paths) for paths in shards)

    def items(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the rows of a file, one by one.

        Raises:
            DatasetError: the hub stopped answering; run again to go on.
        """
        try:
            for item in super().items(part):
                if isinstance(item, Rejection) and item.reason in ("damaged", "missing"):
                    raise DatasetError(f"{item.detail} cannot be read")
                yield item
        except Exception as error:
            raise DatasetError(self._said(error)) from error

    def opened(self, path: str) -> AbstractContextManager[Any]:
        """Open a file of the data set, which is read piece by piece."""
        return _parquet().ParquetFile(path, filesystem=_hub().HfFileSystem(), pre_buffer=False)

    def _files(self) -> list[str]:
        found = _hub().HfApi().dataset_info(self.dataset, revision=self.revision)
        folder = self.data_dir.strip("/")
        names = sorted(
            each.rfilename
            for each in found.siblings or ()
            if each.rfilename.endswith(".parquet")
            and each.rfilename.startswith(f"{folder}/" if folder else "")
        )
        chosen = [name for name in names if self.split in _SPLITS.findall(name)]
        chosen = chosen or [name for name in names if not _SPLITS.search(name)]
        if not chosen:
            raise ConfigError(
                f"source {self.name}: the data set {self.dataset} has no .parquet files of the"
                f" split {self.split!r} in {folder or 'it'}: the hub's own copy may be at"
                ' revision = "refs/convert/parquet"'
            )
        return [f"datasets/{self.dataset}@{found.sha}/{name}" for name in chosen]

    def _said(self, error: Exception) -> str:
        return (
            f"source {self.name}: the data set {self.dataset} cannot be read: "
            f"{type(error).__name__}: {one_line(str(error), 500)}"
        )


def _parquet() -> Any:
    try:
        return import_module("pyarrow.parquet")
    except ImportError as error:
        raise ConfigError("parquet needs pyarrow: pip install 'veristone[seeds]'") from error


def _hub() -> Any:
    try:
        return import_module("huggingface_hub")
    except ImportError as error:
        raise ConfigError("a data set of a hub needs pip install huggingface_hub") from error


def _size(group: Any, content: str) -> int:
    chunks = map(group.column, range(group.num_columns))
    return sum(c.total_uncompressed_size for c in chunks if c.path_in_schema == content)


def _broken() -> tuple[type[Exception], ...]:
    """Return what pyarrow raises where a file is not as it should be."""
    _parquet()
    return (OSError, UnicodeError, import_module("pyarrow").ArrowException)
