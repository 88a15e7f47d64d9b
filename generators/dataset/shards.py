"""Parquet files of bounded size, `NAME-00000-of-00003.parquet`: equal bytes for equal rows.

Row groups have a thousand rows; a file ends when its rows hold about 256 MiB of text, so that a
reader never needs more. Files get their final names when their number is known.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from veristone.generators.dataset.rows import arrow

__all__ = ["ROW_GROUP_ROWS", "ShardWriter"]

ROW_GROUP_ROWS = 1000
_SHARD_BYTES = 256 * 1024 * 1024
_GROUP_BYTES = 32 * 1024 * 1024
"""A row group ends earlier where its rows are that long."""


class ShardWriter:
    """Writes the rows of one split of one configuration into a folder, made with the first row."""

    def __init__(
        self, folder: Path, name: str, columns: dict[str, str], shard_bytes: int = _SHARD_BYTES
    ) -> None:
        self._folder = folder
        self._name = name
        self._schema = arrow(columns)
        self._shard_bytes = shard_bytes
        self._rows: list[Any] = []
        self._pending = self._written = 0
        self._writer: Any = None
        self._drafts: list[Path] = []
        self.count = 0
        """Rows so far."""
        self.files: list[Path] = []
        """Once closed."""

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a row. Half a surrogate pair, which no UTF-8 can hold, is replaced."""
        self._rows.append(_clean(row))
        self._pending += _size(row)
        self.count += 1
        if len(self._rows) >= ROW_GROUP_ROWS or self._pending >= _GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        pa: Any = import_module("pyarrow")  # it has no types
        if self._writer is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._drafts.append(self._folder / f".{self._name}-{len(self._drafts):05d}.part")
            parquet: Any = import_module("pyarrow.parquet")
            self._writer = parquet.ParquetWriter(self._drafts[-1], self._schema, compression="zstd")
        table = pa.Table.from_pylist(self._rows, schema=self._schema)
        self._writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
        self._written += self._pending
        self._rows, self._pending = [], 0
        if self._written >= self._shard_bytes:
            self._close_file()

    def _close_file(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._written = None, 0

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is left and name the files; after an error drop them."""
        if kind is None:
            self._flush()
        self._close_file()
        for number, draft in enumerate(self._drafts):
            if kind is not None:
                draft.unlink(missing_ok=True)
                continue
            name = f"{self._name}-{number:05d}-of-{len(self._drafts):05d}.parquet"
            self.files.append(draft.rename(self._folder / name))


def _size(value: Any) -> int:
    """Return about how many bytes the text in a value takes."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        value = list(cast("Mapping[str, Any]", value).values())
    return sum(map(_size, cast("list[Any]", value))) if isinstance(value, list | tuple) else 8


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode(errors="replace").decode()
    if isinstance(value, Mapping):
        return {key: _clean(one) for key, one in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in cast("list[Any]", value)]
    return value
