"""JSON Lines, plain or gzipped, with errors that name the file and the line."""

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

from veristone import DatasetError

__all__ = ["Row", "content_md5", "read_bytes", "read_rows", "write_whole"]

GZIP_MAGIC = b"\x1f\x8b"


class Row(NamedTuple):
    """One line of a file: its fields, and `where` it stands ("FILE:LINE") for error messages."""

    fields: dict[str, Any]
    where: str

    def text(self, field: str) -> str:
        """Return a field that must be a string.

        Raises:
            DatasetError: it is missing or of another type.
        """
        value = self.require(field)
        if not isinstance(value, str):
            raise DatasetError(
                f"{self.where}: {field!r} must be a string, not {type(value).__name__}"
            )
        return value

    def require(self, field: str) -> Any:
        """Return a field that must be there.

        Raises:
            DatasetError: it is missing.
        """
        if field not in self.fields:
            raise DatasetError(f"{self.where}: the field {field!r} is missing")
        return self.fields[field]


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, unpacked where it is gzipped (whatever its name says).

    Raises:
        DatasetError: it cannot be read or unpacked.
    """
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(GZIP_MAGIC) else content
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path}: cannot be read: {error}") from error


def content_md5(content: bytes) -> str:
    """Return the hash that EvalPlus writes into its results: MD5 of the unpacked dataset file."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def read_rows(path: Path, content: bytes) -> Iterator[Row]:
    """Yield the objects of a JSON Lines text; empty lines do not count.

    `NaN`, `Infinity` and integers of any size are read as Python's json module writes them.

    Raises:
        DatasetError: a line is no UTF-8 or no JSON object.
    """
    # Split at line feeds only: str.splitlines would also cut at U+2028 inside a JSON string.
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            value = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise DatasetError(f"{where}: not a line of JSON: {error}") from error
        if not isinstance(value, dict):
            raise DatasetError(f"{where}: a JSON object was expected, not {type(value).__name__}")
        yield Row(cast("dict[str, Any]", value), where)


def write_whole(path: Path, text: str) -> None:
    """Write a file that is there whole or as it was."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
