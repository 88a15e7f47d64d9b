"""Parquet files: The Stack and its descendants.

Parts are runs of row groups. Only the columns that are asked for are read, some MiB at a time.

pyarrow is imported when something is read. The layout inside a file is its to check: a file that
was made to break pyarrow is outside what is promised here.
"""

import errno
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import Field

from veristone import ConfigError
from veristone.generators.seeds.records import Document, Rejection
from veristone.generators.seeds.sources.base import Part, Refusal
from veristone.generators.seeds.sources.columns import RowSettings
from veristone.generators.seeds.sources.files import error_name, files_of

__all__ = ["ParquetSource", "RowGroups"]

_BATCH_BYTES = 4 << 20
_MOST_BATCH_ROWS = 256


class RowGroups(RowSettings):
    """Reads row groups of parquet files, wherever they are."""

    def read(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the part's rows, one by one."""
        rows = (item for path in part.paths for item in self._read(path, part))
        yield from islice(rows, part.last if self.limit is not None else None)

    def _read(self, path: str, part: Part) -> Iterator[Document | Rejection]:
        name = Path(path).name
        try:
            with self.opened(path) as file:
                columns = self.asked_for(file.schema_arrow.names)
                last = file.num_row_groups
                if self.limit is None and part.last >= 0:
                    last = min(part.last, last)
                for group in range(part.first, last):
                    try:
                        yield from map(self.document, _rows(file, group, columns))
                    except _broken() as error:
                        detail = f"{name}: row group {group}: {type(error).__name__}"
                        yield self.failed("damaged", detail)
        except FileNotFoundError:
            yield self.failed("missing", name)
        except _broken() as error:
            yield self.failed("damaged", f"{name}: {type(error).__name__}")

    @contextmanager
    def opened(self, path: str) -> Generator[Any]:
        """Open a `pyarrow.parquet.ParquetFile`."""
        if Path(path).exists() and not Path(path).is_file():
            raise OSError(errno.EINVAL, "not a regular file")
        with parquet().ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as file:
            yield file


class ParquetSource(RowGroups):
    """Rows of parquet files."""

    kind: Literal["parquet"] = "parquet"
    path: str
    """A file, a folder with `.parquet` files at any depth, or a glob of either."""
    part_mib: int = Field(default=32, ge=1)
    """Content, uncompressed; a row group is never divided."""

    def parts(self) -> Iterator[Part]:
        """Yield runs of row groups, file by file; all files in one part if there is a limit.

        Raises:
            ConfigError: there is no such file, or it has not the columns it should.
        """
        files = list(files_of(self.path, (".parquet",)))
        if not files:
            raise ConfigError(f"source {self.name}: no .parquet files in {self.path}")
        sizes = {path: self._group_sizes(path) for path in files}
        if self.limit is not None:
            yield Part(paths=tuple(files), last=self.limit)
            return
        for path, groups in sizes.items():
            first = total = 0
            for number, size in enumerate(groups):
                if number > first and total + size > self.part_mib << 20:
                    yield Part(paths=(path,), first=first, last=number)
                    first, total = number, 0
                total += size
            if groups:
                yield Part(paths=(path,), first=first, last=len(groups))

    def _group_sizes(self, path: str) -> list[int]:
        """Return the bytes of content in each row group."""
        try:
            with self.opened(path) as file:
                names = self.asked_for(file.schema_arrow.names)
                return [_group_size(file, group, names[0]) for group in range(file.num_row_groups)]
        except OSError as error:
            raise ConfigError(f"source {self.name}: {path}: {error_name(error)}") from error
        except _broken() as error:
            raise ConfigError(f"source {self.name}: {path} is no parquet file: {error}") from error


def parquet() -> Any:
    """Return pyarrow.parquet, which has no types."""
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigError("parquet needs pyarrow: pip install 'veristone[seeds]'") from error
    return cast(Any, pyarrow.parquet)


def _group_size(file: Any, group: int, content: str) -> int:
    found = file.metadata.row_group(group)
    chunks = (found.column(number) for number in range(found.num_columns))
    return sum(c.total_uncompressed_size for c in chunks if c.path_in_schema == content)


def _rows(file: Any, group: int, columns: list[str]) -> Iterator[dict[str, object]]:
    rows = file.metadata.row_group(group).num_rows
    average = _group_size(file, group, columns[0]) // max(1, rows)
    for batch in file.iter_batches(
        batch_size=max(1, min(_MOST_BATCH_ROWS, _BATCH_BYTES // (average + 1))),
        row_groups=[group],
        columns=columns,
        use_threads=False,
    ):
        values = {column: _values(batch.column(column)) for column in columns}
        for row in range(batch.num_rows):
            yield {column: some[row] for column, some in values.items()}


def _values(column: Any) -> list[object]:
    """Return a column's values. Strings are decoded here, one by one: not all that a file calls
    strings is UTF-8, and pyarrow would give up a whole batch for one."""
    import pyarrow

    arrow = cast(Any, pyarrow)
    if arrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if _is_text(column.type):
        return [_text(value) for value in column.cast(arrow.large_binary()).to_pylist()]
    is_list = arrow.types.is_list(column.type) or arrow.types.is_large_list(column.type)
    if is_list and _is_text(column.type.value_type):
        lists = column.cast(arrow.large_list(arrow.large_binary())).to_pylist()
        return [[_text(item) for item in items or ()] for items in lists]
    return list(column.to_pylist())


def _is_text(kind: Any) -> bool:
    return str(kind) in ("string", "large_string", "string_view")


def _text(data: bytes | None) -> str | Refusal | None:
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        return Refusal("undecodable", f"not utf-8 at byte {error.start}: {error.reason}")


def _broken() -> tuple[type[Exception], ...]:
    """Return what pyarrow raises where a file is not as it should be."""
    parquet()
    import pyarrow

    return (OSError, UnicodeError, cast(Any, pyarrow).ArrowException)
