"""Parquet files: The Stack and its descendants.

Parts are runs of row groups. Only the columns that are asked for are read, some rows at a time.

pyarrow is imported when something is read. The layout inside a file is its to check: a file that
was made to break pyarrow is outside what is promised here.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from veristone import ConfigError
from veristone.generators.seeds.records import Document, Rejection
from veristone.generators.seeds.sources.base import Part, runs
from veristone.generators.seeds.sources.columns import RowSettings
from veristone.generators.seeds.sources.files import files_of

__all__ = ["SUFFIXES", "ParquetSource"]

SUFFIXES = (".parquet",)
_BATCH_ROWS = 64


class ParquetSource(RowSettings, frozen=True):
    """Rows of parquet files."""

    kind: Literal["parquet"] = "parquet"
    path: str
    """A file, a folder with `.parquet` files at any depth, or a glob of either."""

    def parts(self) -> Iterator[Part]:
        """Yield runs of row groups, file by file; all files in one part if there is a limit.

        Raises:
            ConfigError: there is no such file, or it has not the columns it should.
        """
        files = files_of(self.path, SUFFIXES, ".parquet files")
        sizes = {path: self._group_sizes(path) for path in files}
        if self.limit is not None:
            yield Part(paths=tuple(files))
            return
        for path, groups in sizes.items():
            for run in runs(enumerate(groups), self.part_mib << 20):
                yield Part(paths=(path,), first=run[0], last=run[-1] + 1)

    def items(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the part's rows, one by one."""
        for path in part.paths:
            name = Path(path).name
            try:
                with _opened(path) as file:
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
                for row in batch.to_pylist():
                    yield from self.documents(row)
        except _broken() as error:
            detail = f"{name}: row group {group}: {type(error).__name__}"
            yield self.failed("damaged", detail)

    def _group_sizes(self, path: str) -> list[int]:
        """Return the bytes of content in each row group."""
        try:
            with _opened(path) as file:
                content = self.asked_for(file.schema_arrow.names)[0]
                self.expect_licences(file.schema_arrow.names)
                groups = map(file.metadata.row_group, range(file.num_row_groups))
                return [_size(group, content) for group in groups]
        except _broken() as error:
            raise ConfigError(f"source {self.name}: {path} is no parquet file: {error}") from error


def _parquet() -> Any:
    try:
        return import_module("pyarrow.parquet")
    except ImportError as error:
        raise ConfigError("parquet needs pyarrow: pip install 'veristone[seeds]'") from error


def _opened(path: str) -> Any:
    return _parquet().ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)


def _size(group: Any, content: str) -> int:
    chunks = map(group.column, range(group.num_columns))
    # Of a list of files this is the size of all that it holds.
    own = (c for c in chunks if f"{c.path_in_schema}.".startswith(f"{content}."))
    return sum(c.total_uncompressed_size for c in own)


def _broken() -> tuple[type[Exception], ...]:
    """Return what pyarrow raises where a file is not as it should be."""
    _parquet()
    return (OSError, UnicodeError, import_module("pyarrow").ArrowException)
