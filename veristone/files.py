"""Files that everybody writes and reads: whole or not at all, one writer a folder, JSON Lines.

What is promised: a file written here is never seen half written, whatever kills the process or the
machine (it is written beside its place, flushed to disk, renamed). What is not: that several files
appear together; a reader that needs them together looks at the one that is written last.
"""

import fcntl
import gzip
import json
import os
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from veristone.errors import ConfigError, DatasetError

__all__ = [
    "LOCK",
    "Row",
    "disk_trouble",
    "only_one",
    "read_bytes",
    "read_rows",
    "whole_file",
    "write_whole",
]

LOCK = ".lock"
"""The file in a folder that `only_one` locks."""
_GZIP_MAGIC = b"\x1f\x8b"


@contextmanager
def whole_file(path: Path) -> Generator[IO[bytes]]:
    """Write a file that appears whole or not at all."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(aside, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file (text as UTF-8) that is there whole or as it was."""
    with whole_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def only_one(folder: Path) -> Generator[None]:
    """Keep every other process out of a run's folder; a killed one keeps nobody out.

    Raises:
        ConfigError: another process works there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOCK, "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"{folder}: another process works on this run") from None
        yield


@contextmanager
def disk_trouble(folder: Path) -> Generator[None]:
    """Say in one line what the machine refuses: a full disk, a folder that cannot be written.

    Raises:
        ConfigError: it did. A closed pipe is the reader's word, not the disk's, and passes.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ConfigError(f"{folder}: {error}") from error


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
        return gzip.decompress(content) if content.startswith(_GZIP_MAGIC) else content
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path}: cannot be read: {error}") from error


def read_rows(path: Path, content: bytes | None = None) -> Iterator[Row]:
    """Yield the objects of a JSON Lines file; empty lines do not count.

    `NaN`, `Infinity` and integers of any size are read as Python's json module writes them.

    Args:
        path: the file, gzipped or not.
        content: its bytes, where the caller has them already.

    Raises:
        DatasetError: the file cannot be read, or a line is no UTF-8 or no JSON object.
    """
    content = read_bytes(path) if content is None else content
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
