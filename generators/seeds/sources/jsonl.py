"""JSON lines, plain or compressed.

A plain file is read in ranges of bytes, each of which has the lines that begin in it; a compressed
one in one go. A line that is too long to hold a document that is not too large is skipped without
being held in memory. Lines are read one by one, not by pyarrow: a line that is no JSON costs its
row alone, and rows need not be alike.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal, cast

from veristone import ConfigError
from veristone.files import BROKEN, is_packed, unpacked
from veristone.generators.seeds.records import Document, Rejection
from veristone.generators.seeds.sources.base import Part
from veristone.generators.seeds.sources.columns import RowSettings
from veristone.generators.seeds.sources.files import error_name, files_of

__all__ = ["SUFFIXES", "JsonlSource"]

_PLAIN = (".jsonl", ".ndjson", ".json")
SUFFIXES = tuple(plain + end for plain in _PLAIN for end in ("", ".gz", ".bz2", ".xz"))
_PIECE_BYTES = 1 << 20


class JsonlSource(RowSettings, frozen=True):
    """Rows of JSON, one a line."""

    kind: Literal["jsonl"] = "jsonl"
    path: str
    """A file (gzip, bzip2 and xz are recognised), a folder with such files, or a glob of either."""

    def parts(self) -> Iterator[Part]:
        """Yield ranges of bytes of plain files, compressed files, all in one if there is a limit.

        Raises:
            ConfigError: there is no such file, or its first row has no content.
        """
        files = files_of(self.path, SUFFIXES, "JSON lines")
        self._check(files[0])
        if self.limit is not None:
            yield Part(paths=tuple(files))
            return
        for path in files:
            whole = 1 << 63 if is_packed(Path(path)) else self.part_mib << 20
            for first in range(0, Path(path).stat().st_size, whole):
                yield Part(paths=(path,), first=first, last=first + whole)

    def items(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the part's rows, one by one."""
        for path in part.paths:
            name = Path(path).name
            try:
                with unpacked(Path(path)) as file:
                    yield from self._rows(file, part, name)
            except FileNotFoundError:
                yield self.failed("missing", name)
            except BROKEN as error:
                yield self.failed("damaged", f"{name}: {type(error).__name__}")

    def _check(self, path: str) -> None:
        """Look whether the first row has what the recipe expects, if it is one."""
        try:
            with unpacked(Path(path)) as file:
                row = _decoded(file.readline(self._longest))
        except FileNotFoundError as error:
            raise ConfigError(f"source {self.name}: {path}: {error_name(error)}") from error
        except (*BROKEN, RecursionError):
            return
        self.asked_for(row)

    @property
    def _longest(self) -> int:
        # JSON writes a control character with six; 64 KiB for what else is in the row.
        return 6 * self.max_bytes + (1 << 16)

    def _rows(self, file: IO[bytes], part: Part, name: str) -> Iterator[Document | Rejection]:
        position = part.first
        if position:  # a line that began before is of the range before
            file.seek(position - 1)
            position += _skip_line(file) - 1
        while part.last < 0 or position < part.last:
            where = f"{name} at byte {position}"
            line = file.readline(self._longest + 1)
            if not line:
                return
            position += len(line)
            if len(line) > self._longest and not line.endswith(b"\n"):
                position += _skip_line(file)
                yield self.failed("too_large", f"{where}: a line too long")
            elif not line.isspace():
                yield from self._row(line, where)

    def _row(self, line: bytes, where: str) -> Iterator[Document | Rejection]:
        try:
            row = _decoded(line)
        except (ValueError, RecursionError) as error:
            yield self.failed("malformed", f"{where}: {error}")
            return
        yield from self.documents(row)


def _decoded(line: bytes) -> dict[str, object]:
    """Return a row of JSON, as Python's own encoder writes it: NaN and lone surrogates are known.

    Raises:
        ValueError, RecursionError: it is no JSON object.
    """
    row: object = json.loads(line.decode("utf-8-sig"))
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    return cast(dict[str, object], row)


def _skip_line(file: IO[bytes]) -> int:
    """Read on to the end of a line; return how many bytes that was."""
    passed = 0
    while piece := file.readline(_PIECE_BYTES):
        passed += len(piece)
        if piece.endswith(b"\n"):
            break
    return passed
