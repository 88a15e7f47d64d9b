"""Rows of a file, each with its place: JSON lines, plain or compressed, and parquet."""

import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec

from veristone import ConfigError, DatasetError
from veristone.generators.seeds.sources.streams import BROKEN_STREAM, open_stream

__all__ = ["Row", "rows_of"]

_BATCH_ROWS = 256
_MAX_LINE_BYTES = 64 << 20
"""Longer lines are no records: a bound for what lies in memory."""


class Row(NamedTuple):
    """One row."""

    where: str
    """For messages: `FILE, line 3`, counted from 1."""
    values: Mapping[str, Any]


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the rows of a file; blank lines are none.

    Raises:
        DatasetError: the file cannot be read, or a line is no JSON object; the message names it.
        ConfigError: it is a parquet file and pyarrow is not installed.
    """
    if path.suffix == ".parquet":
        yield from _parquet(path)
        return
    number = 0
    try:
        with open_stream(str(path)) as file:
            while line := file.readline(_MAX_LINE_BYTES + 1):
                number += 1
                where = f"{path}, line {number}"
                if len(line) > _MAX_LINE_BYTES:
                    raise DatasetError(f"{where}: longer than {_MAX_LINE_BYTES} bytes")
                if not line.isspace():
                    yield Row(where, _decoded(line, where))
    except DatasetError:
        raise
    except BROKEN_STREAM as error:
        raise DatasetError(f"{path}, after line {number}: {error}") from error


def _decoded(line: bytes, where: str) -> dict[str, Any]:
    line = line.removeprefix(b"\xef\xbb\xbf")
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        # Python's own decoder knows what Python's encoder writes: NaN, lone surrogates.
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DatasetError(f"{where}: no JSON: {error}") from error
    if not isinstance(found, dict):
        raise DatasetError(f"{where}: not a JSON object")
    return cast(dict[str, Any], found)


def _parquet(path: Path) -> Iterator[Row]:
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ConfigError(f"{path}: parquet needs pyarrow; install veristone[generate]") from error
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                for values in batch.to_pylist():
                    number += 1
                    yield Row(f"{path}, row {number}", values)
    except (OSError, ValueError) as error:  # pyarrow's own errors are either
        raise DatasetError(f"{path}, after row {number}: {error}") from error
