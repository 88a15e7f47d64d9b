"""JSON lines, plain or compressed.

A plain file is read in ranges of bytes that begin and end with lines; a compressed one in one go. A
line that is too long to hold a document that is not too large is skipped without being held in
memory. Lines are read one by one, not by pyarrow: a line that is no JSON costs its row alone, and
rows need not be alike.
"""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal, cast

import msgspec
from pydantic import Field

from veristone import ConfigError
from veristone.generators.seeds.records import Document, Rejection
from veristone.generators.seeds.sources.base import Part
from veristone.generators.seeds.sources.columns import RowSettings
from veristone.generators.seeds.sources.files import error_name, files_of
from veristone.generators.seeds.sources.streams import BROKEN_STREAM, magic_of, open_stream

__all__ = ["JsonlSource"]

_PLAIN = (".jsonl", ".ndjson", ".json")
_SUFFIXES = tuple(plain + end for plain in _PLAIN for end in ("", ".gz", ".bz2", ".xz"))
_PIECE_BYTES = 1 << 20


class JsonlSource(RowSettings):
    """Rows of JSON, one a line."""

    kind: Literal["jsonl"] = "jsonl"
    path: str
    """A file (gzip, bzip2 and xz are recognised), a folder with such files, or a glob of either."""
    part_mib: int = Field(default=32, ge=1)

    def parts(self) -> Iterator[Part]:
        """Yield ranges of bytes of plain files, compressed files, all in one if there is a limit.

        Raises:
            ConfigError: there is no such file, or its first row has no content.
        """
        files = list(files_of(self.path, _SUFFIXES))
        if not files:
            known = " ".join(_SUFFIXES)
            raise ConfigError(f"source {self.name}: no JSON lines in {self.path} ({known})")
        self._check(files)
        if self.limit is not None:
            yield Part(paths=tuple(files), last=self.limit)
            return
        for path in files:
            if magic_of(path):
                yield Part(paths=(path,))
            else:
                yield from self._ranges(path)

    def read(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the part's rows, one by one."""
        if self.limit is not None:
            rows = (item for path in part.paths for item in self._read(path, 0, -1))
            yield from islice(rows, part.last if part.last >= 0 else None)
        else:
            for path in part.paths:
                yield from self._read(path, part.first, part.last)

    def _check(self, files: list[str]) -> None:
        """Look whether the first row has what the recipe expects, if it is one."""
        for path in files:
            try:
                with open_stream(path) as file:
                    row = _decoded(file.readline(self._longest))
            except OSError as error:
                raise ConfigError(f"source {self.name}: {path}: {error_name(error)}") from error
            except (*BROKEN_STREAM, RecursionError):
                continue
            self.columns.chosen(row)
            return

    def _ranges(self, path: str) -> Iterator[Part]:
        size = Path(path).stat().st_size
        first = 0
        with open_stream(path) as file:
            while first < size:
                last = min(first + (self.part_mib << 20), size)
                file.seek(last - 1)
                last = min(last - 1 + _rest_of_line(file), size)
                yield Part(paths=(path,), first=first, last=last)
                first = last

    @property
    def _longest(self) -> int:
        # JSON writes a control character with six; 64 KiB for what else is in the row.
        return 6 * self.max_bytes + (1 << 16)

    def _read(self, path: str, first: int, last: int) -> Iterator[Document | Rejection]:
        position = first
        try:
            with open_stream(path) as file:
                if first:
                    file.seek(first)
                while last < 0 or position < last:
                    where = f"{Path(path).name} at byte {position}"
                    line = file.readline(self._longest + 1)
                    if not line:
                        return
                    position += len(line)
                    if len(line) > self._longest and not line.endswith(b"\n"):
                        position += _rest_of_line(file)
                        yield self.failed("too_large", f"{where}: a line too long")
                    elif not line.isspace():
                        yield self._row(line, where)
        except FileNotFoundError:
            yield self.failed("missing", Path(path).name)
        except BROKEN_STREAM as error:
            yield self.failed("damaged", f"{Path(path).name}: {type(error).__name__}")

    def _row(self, line: bytes, where: str) -> Document | Rejection:
        try:
            row = _decoded(line)
        except (ValueError, RecursionError) as error:
            return self.failed("malformed", f"{where}: {error}")
        return self.document(row)


def _decoded(line: bytes) -> dict[str, object]:
    """Return a row of JSON.

    Raises:
        ValueError, RecursionError: it is no JSON object.
    """
    line = line.removeprefix(b"\xef\xbb\xbf")
    try:
        row: object = msgspec.json.decode(line)
    except msgspec.DecodeError:
        # Python's own decoder knows what Python's encoder writes: NaN, lone surrogates.
        row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    return cast(dict[str, object], row)


def _rest_of_line(file: BinaryIO) -> int:
    """Read on to the end of a line; return how many bytes that was."""
    passed = 0
    while piece := file.readline(_PIECE_BYTES):
        passed += len(piece)
        if piece.endswith(b"\n"):
            break
    return passed
