"""Parquet files: The Stack and its descendants.

Parts are runs of rows that begin and end with row groups (but for a limit, which may end in the
midst of one). Only the columns that are asked for are read, some MiB at a time.

pyarrow is imported when something is read. The layout inside a file is its to check: a file that
was made to break pyarrow is outside what is promised here.
"""

import errno
import importlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple, Protocol, cast

from pydantic import Field

from veristone import ConfigError
from veristone.generators.seeds.records import Document, Provenance, Rejection
from veristone.generators.seeds.sources.base import Part
from veristone.generators.seeds.sources.columns import RowSettings
from veristone.generators.seeds.sources.files import error_name, expanded, walk
from veristone.generators.seeds.sources.reasons import Reason, Refusal
from veristone.generators.seeds.sources.text import printable

__all__ = ["ParquetSource"]

_BATCH_BYTES = 4 << 20
_MOST_BATCH_ROWS = 256
_BUFFER_BYTES = 1 << 20


class ParquetSource(RowSettings):
    """Rows of parquet files."""

    kind: Literal["parquet"] = "parquet"
    path: str
    """A file, a folder with `.parquet` files at any depth, or a glob of either."""
    part_mib: int = Field(default=32, ge=1)
    """Content, uncompressed; a row group is never divided."""

    def parts(self) -> Iterator[Part]:
        """Yield runs of rows, file by file in the order of their paths.

        Raises:
            ConfigError: there is no such file, or it has not the columns it should.
        """
        files = list(self._files())
        if not files:
            raise ConfigError(f"source {self.name}: no .parquet files in {self.path}")
        left = self.limit
        for path in files:
            for run in _runs(self._groups(path), self.part_mib << 20):
                if left == 0:
                    return
                last = run.last if left is None else min(run.last, run.first + left)
                left = None if left is None else left - (last - run.first)
                yield Part(paths=(path,), first=run.first, last=last)

    def read(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the part's rows, one by one."""
        for path in part.paths:
            try:
                with _opened(path) as file:
                    yield from self._read(file, Path(path).name, part)
            except FileNotFoundError:
                yield self._failed("missing", Path(path).name)
            except _broken() as error:
                yield self._failed("damaged", f"{Path(path).name}: {type(error).__name__}")

    def _read(self, file: "_File", name: str, part: Part) -> Iterator[Document | Rejection]:
        columns = self.columns.resolved(file.schema_arrow.names)
        for index, group in enumerate(_groups(file, columns["content"])):
            last = group.last if part.last < 0 else min(group.last, part.last)
            if last <= part.first or last <= group.first:
                continue
            rows = _rows(file, columns, index, group)
            try:
                for row in islice(rows, max(0, part.first - group.first), last - group.first):
                    yield self.document(row)
            except _broken() as error:
                detail = f"{name}: row group {index}: {type(error).__name__}"
                yield self._failed("damaged", detail)

    def _files(self) -> Iterator[str]:
        for path in expanded(self.path):
            if not Path(path).is_dir():
                yield printable(str(Path(path).resolve()))
                continue
            for entry in walk(path):
                if entry.name.lower().endswith(".parquet"):
                    yield printable(entry.path)

    def _groups(self, path: str) -> list["_Group"]:
        try:
            with _opened(path) as file:
                columns = self.resolved(file.schema_arrow.names)
                return _groups(file, columns["content"])
        except OSError as error:
            raise ConfigError(f"source {self.name}: {path}: {error_name(error)}") from error
        except _broken() as error:
            raise ConfigError(f"source {self.name}: {path} is no parquet file: {error}") from error

    def _failed(self, reason: Reason, detail: str) -> Rejection:
        return self.rejection(Provenance(source=self.name), Refusal(reason, detail))


class _Group(NamedTuple):
    """A row group, or a run of them."""

    first: int
    last: int
    content_bytes: int


def _runs(groups: Sequence[_Group], most_bytes: int) -> Iterator[_Group]:
    """Yield runs of groups of at most so many bytes, or of one group."""
    run: _Group | None = None
    for group in groups:
        if run is not None and run.content_bytes + group.content_bytes > most_bytes:
            yield run
            run = None
        size = group.content_bytes + (run.content_bytes if run else 0)
        run = _Group(run.first if run else group.first, group.last, size)
    if run is not None:
        yield run


def _groups(file: "_File", content: str) -> list[_Group]:
    found: list[_Group] = []
    first = 0
    for index in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(index)
        chunks = (group.column(number) for number in range(group.num_columns))
        size = sum(c.total_uncompressed_size for c in chunks if c.path_in_schema == content)
        found.append(_Group(first, first + group.num_rows, size))
        first += group.num_rows
    return found


def _rows(
    file: "_File", columns: dict[str, str], index: int, group: _Group
) -> Iterator[dict[str, object]]:
    """Yield the rows of a row group by field."""
    average = group.content_bytes // max(1, group.last - group.first)
    for batch in file.iter_batches(
        batch_size=max(1, min(_MOST_BATCH_ROWS, _BATCH_BYTES // (average + 1))),
        row_groups=[index],
        columns=list(columns.values()),
        use_threads=False,
    ):
        fields = {name: _values(batch.column(column)) for name, column in columns.items()}
        for row in range(batch.num_rows):
            yield {name: values[row] for name, values in fields.items()}


def _values(column: Any) -> list[object]:
    """Return a column's values. Strings are decoded here, one by one: not all that a file calls
    strings is UTF-8, and pyarrow would give up a whole batch for one."""
    arrow = cast(Any, _pyarrow("pyarrow"))
    if arrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if _is_text(column.type):
        return [_text(value) for value in column.cast(arrow.large_binary()).to_pylist()]
    if _is_list(column.type) and _is_text(column.type.value_type):
        lists = column.cast(arrow.large_list(arrow.large_binary())).to_pylist()
        return [[_text(item) for item in items or ()] for items in lists]
    return list(column.to_pylist())


def _is_text(kind: Any) -> bool:
    return str(kind) in ("string", "large_string", "string_view")


def _is_list(kind: Any) -> bool:
    types = cast(Any, _pyarrow("pyarrow")).types
    return bool(types.is_list(kind) or types.is_large_list(kind))


def _text(data: bytes | None) -> str | Refusal | None:
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        return Refusal("undecodable", f"not utf-8 at byte {error.start}: {error.reason}")


class _File(Protocol):
    """What is used of `pyarrow.parquet.ParquetFile`, which has no types."""

    schema_arrow: Any
    metadata: Any

    def iter_batches(
        self, *, batch_size: int, row_groups: list[int], columns: list[str], use_threads: bool
    ) -> Iterator[Any]: ...


@contextmanager
def _opened(path: str) -> Generator[_File]:
    parquet = cast(Any, _pyarrow("pyarrow.parquet"))
    if Path(path).exists() and not Path(path).is_file():
        raise OSError(errno.EINVAL, "not a regular file")
    with parquet.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
        yield file


def _broken() -> tuple[type[Exception], ...]:
    """Return what pyarrow raises where a file is not as it should be."""
    return (OSError, UnicodeError, cast(Any, _pyarrow("pyarrow")).ArrowException)


def _pyarrow(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ConfigError("parquet needs pyarrow: pip install 'veristone[seeds]'") from error
