"""JSON lines, plain or compressed.

A plain file is read in ranges of bytes that begin and end with lines; a compressed one in one go. A
line is decoded only where a column is asked for, and one that is too long to hold a document that
is not too large is skipped without being held in memory.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal, cast

import msgspec
from pydantic import Field

from veristone import ConfigError
from veristone.generators.seeds.records import Document, Provenance, Rejection
from veristone.generators.seeds.sources.base import Part
from veristone.generators.seeds.sources.columns import RowSettings
from veristone.generators.seeds.sources.files import error_name, expanded, walk
from veristone.generators.seeds.sources.reasons import Reason, Refusal
from veristone.generators.seeds.sources.streams import BROKEN_STREAM, magic_of, open_stream
from veristone.generators.seeds.sources.text import printable

__all__ = ["JsonlSource"]

_PLAIN = (".jsonl", ".ndjson", ".json")
_SUFFIXES = tuple(plain + end for plain in _PLAIN for end in ("", ".gz", ".bz2", ".xz"))
_PIECE_BYTES = 1 << 20
_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


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
        files = list(self._files())
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

    def _files(self) -> Iterator[str]:
        for path in expanded(self.path):
            if not Path(path).is_dir():
                yield printable(str(Path(path).resolve()))
                continue
            for entry in walk(path):
                if entry.name.lower().endswith(_SUFFIXES):
                    yield printable(entry.path)

    def _check(self, files: list[str]) -> None:
        """Look whether the first row has what the recipe expects, if it is one."""
        for path in files:
            try:
                with closing(open_stream(path)) as file:
                    line = file.readline(self._longest)
                    row = _decoded(line)
            except OSError as error:
                raise ConfigError(f"source {self.name}: {path}: {error_name(error)}") from error
            except (*BROKEN_STREAM, RecursionError):
                continue
            self.columns.resolved(row)
            return

    def _ranges(self, path: str) -> Iterator[Part]:
        size = Path(path).stat().st_size
        first = 0
        with closing(open_stream(path)) as file:
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
        wanted = self.columns.wanted()
        try:
            with closing(open_stream(path)) as file:
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
                        yield self._failed("too_large", f"{where}: a line too long")
                    elif item := self._row(line, where, wanted):
                        yield item
        except FileNotFoundError:
            yield self._failed("missing", Path(path).name)
        except BROKEN_STREAM as error:
            yield self._failed("damaged", f"{Path(path).name}: {type(error).__name__}")

    def _row(self, line: bytes, where: str, wanted: frozenset[str]) -> Document | Rejection | None:
        if line.isspace():
            return None
        try:
            row = _decoded(line, wanted)
        except (ValueError, RecursionError) as error:
            return self._failed("malformed", f"{where}: {error}")
        return self.document(self.columns.picked(row))

    def _failed(self, reason: Reason, detail: str) -> Rejection:
        provenance = Provenance(source=self.name)
        return self.rejection(provenance, Refusal(reason, detail))


def _decoded(line: bytes, wanted: Collection[str] | None = None) -> dict[str, object]:
    """Return the wanted values of a row of JSON.

    Raises:
        ValueError, RecursionError: it is no JSON object.
    """
    line = line.removeprefix(b"\xef\xbb\xbf")
    try:
        row = _decoder.decode(line)
        names = row if wanted is None else row.keys() & wanted
        return {name: msgspec.json.decode(row[name]) for name in names}
    except msgspec.DecodeError:
        # Python's own decoder knows what Python's encoder writes: NaN, lone surrogates.
        found = json.loads(line)
        if not isinstance(found, dict):
            raise ValueError("not a JSON object") from None
        return cast(dict[str, object], found)


def _rest_of_line(file: BinaryIO) -> int:
    """Read on to the end of a line; return how many bytes that was."""
    passed = 0
    while piece := file.readline(_PIECE_BYTES):
        passed += len(piece)
        if piece.endswith(b"\n"):
            break
    return passed
