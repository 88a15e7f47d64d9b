"""Files that everybody writes and reads: whole or not at all, one writer a folder, rows.

What is promised: a file written here is never seen half written, whatever kills the process or the
machine (it is written beside its place, flushed to disk, renamed). What is not: that several files
appear together; a reader that needs them together looks at the one that is written last.
"""

import bz2
import fcntl
import gzip
import importlib
import io
import json
import lzma
import os
import zlib
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar, cast

import msgspec

from veristone.errors import ConfigError, DatasetError
from veristone.extras import need_modules

__all__ = [
    "BROKEN",
    "LOCK",
    "Row",
    "disk_trouble",
    "drop_half_line",
    "is_packed",
    "lock",
    "not_its_own",
    "only_one",
    "read_bytes",
    "read_rows",
    "read_table",
    "unpacked",
    "whole_file",
    "write_whole",
]

LOCK = ".lock"
"""The file in a folder that `only_one` locks."""
T = TypeVar("T")
_UNPACKED = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
"""By a file's first two bytes, whatever its name says."""
PACKED = tuple(_UNPACKED)
"""What a file begins with that `unpacked` unpacks."""
BROKEN = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)
"""What reading a compressed file may raise where it breaks off or was made to harm."""
_MAX_LINE_BYTES = 64 << 20
"""Longer lines are no rows: a bound for what lies in memory."""
_BATCH_ROWS = 1000


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


def lock(file: IO[bytes], what: str) -> None:
    """Lock an open file until it is closed; the lock of a killed process is gone with it.

    Raises:
        ConfigError: another process has locked it; `what` says what is in use.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(what) from None


def not_its_own(output: Path, *sources: Path) -> None:
    """Refuse an output that is one of the files that are read: it would be lost.

    Raises:
        ConfigError: it is, by whatever name.
    """
    for source in sources:
        if source.exists() and output.exists() and output.samefile(source):
            raise ConfigError(f"{output} is read here: name another file for the output")


def drop_half_line(path: Path) -> None:
    """Cut off a last line that a killed process did not finish."""
    with open(path, "rb+") as file:
        end = position = file.seek(0, os.SEEK_END)
        while position > 0:
            start = max(0, position - 65536)
            file.seek(start)
            found = file.read(position - start).rfind(b"\n")
            if found >= 0:
                position = start + found + 1
                break
            position = start
        if position != end:
            file.truncate(position)


@contextmanager
def only_one(folder: Path) -> Generator[None]:
    """Keep every other process out of a run's folder; a killed one keeps nobody out.

    Raises:
        ConfigError: another process works there, or a file has that name.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file: name a folder, which is made where there is none")
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOCK, "wb") as file:
        lock(file, f"{folder}: another process works on this run")
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

    def read(self, kind: type[T]) -> T:
        """Return the row as a msgspec struct; fields that it does not name do not count.

        Raises:
            DatasetError: a field is missing or of another type.
        """
        try:
            return msgspec.convert(self.fields, kind)
        except msgspec.ValidationError as error:
            raise DatasetError(f"{self.where}: {error}") from None


def is_packed(path: Path) -> bool:
    """Return whether a file is compressed in a way that `unpacked` knows.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        return file.read(2) in _UNPACKED


@contextmanager
def unpacked(path: Path) -> Generator[IO[bytes]]:
    """Open a plain, gzip, bzip2 or xz file for reading what it unpacks to, piece by piece.

    Raises:
        OSError: it cannot be opened. Reading raises one of `BROKEN` where it breaks off.
    """
    with open(path, "rb") as file:
        opened = _UNPACKED.get(file.read(2))
    with opened(path, "rb") if opened else open(path, "rb") as file:
        yield cast("IO[bytes]", file)


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, unpacked where it is compressed (gzip, bzip2, xz).

    Raises:
        DatasetError: it cannot be read or unpacked.
    """
    try:
        with unpacked(path) as file:
            return file.read()
    except BROKEN as error:
        why = getattr(error, "strerror", None) or error
        raise DatasetError(f"{path}: cannot be read: {why}") from error


def read_rows(path: Path, content: bytes | None = None) -> Iterator[Row]:
    """Yield the objects of a JSON Lines file, one after another; empty lines do not count.

    `NaN`, `Infinity` and integers of any size are read as Python's json module writes them.

    Args:
        path: the file, plain or compressed (gzip, bzip2, xz).
        content: its bytes, where the caller has them already.

    Raises:
        DatasetError: the file cannot be read, or a line is no UTF-8, no JSON object or longer than
            64 MiB.
    """
    try:
        with unpacked(path) if content is None else io.BytesIO(content) as file:
            number = 0
            while line := file.readline(_MAX_LINE_BYTES + 1):
                number += 1
                if not line.isspace():
                    where = f"{path}:{number}"
                    yield Row(_object(line, where), where)
    except BROKEN as error:
        why = getattr(error, "strerror", None) or error
        raise DatasetError(f"{path}: cannot be read: {why}") from error


def _object(line: bytes, where: str) -> dict[str, Any]:
    if len(line) > _MAX_LINE_BYTES:
        raise DatasetError(f"{where}: a line of more than {_MAX_LINE_BYTES:,} bytes")
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{where}: not a line of JSON: {error}") from error
    if not isinstance(value, dict):
        raise DatasetError(f"{where}: a JSON object was expected, not {type(value).__name__}")
    return cast("dict[str, Any]", value)


def read_table(path: Path, columns: Collection[str] | None = None) -> Iterator[Row]:
    """Yield the rows of a Parquet file, or of one of JSON Lines as `read_rows` does.

    Args:
        path: the file; Parquet is what is called `.parquet`.
        columns: of a Parquet file, what to read of it; None: all.

    Raises:
        DatasetError: the file cannot be read; the message names the row.
        ConfigError: it is Parquet, and pyarrow is not installed.
    """
    if path.suffix != ".parquet":
        yield from read_rows(path)
        return
    need_modules("pyarrow.parquet", extra="generate")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            wanted = [name for name in names if columns is None or name in columns]
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=wanted):
                for values in batch.to_pylist():
                    number += 1
                    yield Row(values, f"{path}:{number}")
    except (OSError, ValueError) as error:  # pyarrow's own errors are either
        raise DatasetError(f"{path}, after row {number}: {error}") from error
