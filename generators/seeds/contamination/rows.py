"""Rows of benchmark files: JSON Lines, JSON, parquet."""

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq

from veristone import DatasetError

__all__ = ["read_rows"]

_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file, told by its first bytes and not by its name.

    JSON is a list of objects, or an object of objects (then a row without an id gets its key).

    Raises:
        DatasetError: it cannot be read; the message names the line.
    """
    try:
        content = path.read_bytes()
        if content.startswith(_PARQUET):
            yield from _parquet_rows(content)
            return
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DatasetError(f"{path}: cannot be read: {error}") from error
    yield from _json_rows(path, content)


def _parquet_rows(content: bytes) -> list[dict[str, Any]]:
    # pyarrow ships no types; its errors for broken files are ValueErrors and OSErrors.
    table = cast("Any", pq).read_table(io.BytesIO(content))
    return cast("list[dict[str, Any]]", table.to_pylist())


def _json_rows(path: Path, content: bytes) -> Iterator[dict[str, Any]]:
    whole = _whole(content)
    if whole is not None:
        for number, row in enumerate(whole):
            yield _checked(row, f"{path}: row {number}")
        return
    # Line feeds only: str.splitlines would also cut at U+2028 inside a JSON string.
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise DatasetError(f"{path}:{number}: not a line of JSON: {error}") from error
        yield _checked(row, f"{path}:{number}")


def _whole(content: bytes) -> list[object] | None:
    """Return the rows of a file that is one JSON value, None if it is JSON Lines."""
    try:
        value: object = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list):
        return cast("list[object]", value)
    rows = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if rows and all(isinstance(row, dict) for row in rows.values()):
        return [{"id": key, **cast("dict[str, object]", row)} for key, row in rows.items()]
    return None


def _checked(row: object, where: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise DatasetError(f"{where}: a JSON object was expected, not {type(row).__name__}")
    return cast("dict[str, Any]", row)
