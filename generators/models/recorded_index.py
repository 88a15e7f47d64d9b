"""Where in a file of recordings each generation lies.

Sixteen bytes for each id and each prompt: a 64-bit key and the offset of its line, in two sorted
arrays. Texts stay in the file; whoever finds a line by its key compares what it says, since keys
may meet. A compressed file is unpacked into a temporary one first, which has no name and is gone
with the process.
"""

import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from veristone import DatasetError
from veristone.generators.models.recorded import BadLine, Line, id_key, read_line
from veristone.generators.seeds.sources.streams import BROKEN_STREAM, magic_of, open_stream

__all__ = ["LONGEST_LINE", "Index", "Stopped", "Table", "read_index"]

Stopped: TypeAlias = Callable[[], bool]

LONGEST_LINE = 64 << 20
"""Bytes of a line: a hundred completions of 4096 tokens with 20 log-probabilities each."""
_MOST_UNPACKED = 1 << 36
"""64 GiB, unpacked: more is a mistake or a trap."""


class Table:
    """Keys and the offsets of their lines."""

    def __init__(self, keys: "array[int]", offsets: "array[int]") -> None:
        """Take both in the order of the file."""
        import numpy as np

        raw = np.asarray(keys, dtype=np.uint64)
        order = np.argsort(raw, kind="stable")
        ordered = raw[order]
        self._repeats = [int(place) for place in np.flatnonzero(ordered[1:] == ordered[:-1])]
        # Views of numpy's memory that yield Python's integers, which `bisect` compares faster.
        self._keys = cast(Sequence[int], ordered.data)
        placed = np.asarray(offsets, dtype=np.uint64)[order]
        self._offsets = cast(Sequence[int], placed.data)

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, key: int) -> list[int]:
        """Return the offsets of the lines with this key, in the order of the file."""
        place = bisect_left(self._keys, key)
        found: list[int] = []
        while place < len(self._keys) and self._keys[place] == key:
            found.append(self._offsets[place])
            place += 1
        return found

    def repeated(self) -> Iterator[list[int]]:
        """Yield the offsets of lines that share a key."""
        passed = -1
        for place in self._repeats:
            if place > passed:
                offsets = self.find(self._keys[place])
                passed = place + len(offsets) - 2
                yield offsets


class Index:
    """A file of recordings, open."""

    def __init__(self, path: str, file: BinaryIO, stopped: Stopped) -> None:
        """Read the file, from its beginning.

        Raises:
            DatasetError: a line is no recording, or it was stopped; the message says which.
        """
        self.path = path
        self._stopped = stopped
        self.model = ""
        """The first name of a model in the file."""
        self._file = file
        self.ids, self.prompts, self.anonymous = self._tables()
        for offsets in self.anonymous.repeated():
            self._check_apart(offsets)

    def __len__(self) -> int:
        """How many recordings there are."""
        return len(self.ids) + len(self.anonymous)

    def line(self, offset: int) -> Line:
        """Return the line that begins at an offset.

        Raises:
            DatasetError: it is not there any more.
        """
        try:
            self._file.seek(offset)
            return read_line(self._file.readline(LONGEST_LINE))
        except (OSError, ValueError) as error:
            raise DatasetError(f"{self.path} was changed while it was read: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _tables(self) -> tuple[Table, Table, Table]:
        """Return the tables of ids, of the prompts of lines that have one, and of those that have
        none."""
        tables = [(array("Q"), array("Q")) for _ in range(3)]
        for offset, line in self._lines():
            self.model = self.model or line.model or ""
            keys = (
                id_key(line.id) if line.id else None,
                line.prompt_key if line.id else None,
                None if line.id else line.prompt_key,
            )
            for (table, offsets), key in zip(tables, keys, strict=True):
                if key is not None:
                    table.append(key)
                    offsets.append(offset)
        ids, prompts, anonymous = (Table(*table) for table in tables)
        return ids, prompts, anonymous

    def _lines(self) -> Iterator[tuple[int, Line]]:
        """Yield every recording with its offset.

        A last line that has no end and is no recording was torn by a kill: it is left out.
        """
        offset = number = 0
        while data := self._file.readline(LONGEST_LINE + 1):
            number += 1
            if self._stopped():
                raise DatasetError(f"{self.path}: reading was stopped")
            if len(data) > LONGEST_LINE:
                raise self._bad(number, f"it is longer than {LONGEST_LINE >> 20} MiB")
            start, offset = offset, offset + len(data)
            if number == 1 and data.startswith(b"\xef\xbb\xbf"):
                data = data[3:]
                start = 3
            if data.isspace():
                continue
            try:
                yield start, read_line(data)
            except BadLine as error:
                if not data.endswith(b"\n"):
                    return
                raise self._bad(number, str(error)) from error

    def _check_apart(self, offsets: list[int]) -> None:
        """Refuse lines without ids that have the same prompt: which is meant is anybody's guess."""
        seen: dict[object, int] = {}
        for offset in offsets:
            line = self.line(offset)
            what = (line.prompt or "", line.messages or ())
            if what in seen:
                first, second = self._number(seen[what]), self._number(offset)
                raise self._bad(second, f"its prompt stands in line {first} too; give both an id")
            seen[what] = offset

    def _number(self, offset: int) -> int:
        """Return the number of the line that begins at an offset."""
        self._file.seek(0)
        number = 1
        while self._file.tell() < offset and self._file.readline(LONGEST_LINE):
            number += 1
        return number

    def _bad(self, number: int, why: str) -> DatasetError:
        return DatasetError(f"{self.path}: line {number}: {why}")


def read_index(path: str, stopped: Stopped = lambda: False) -> Index:
    """Open a file of recordings, plain or compressed (gzip, bzip2, xz).

    `stopped` is asked again and again whether to give up.

    Raises:
        DatasetError: it cannot be read, or a line is no recording.
    """
    name = Path(path).name
    try:
        file = _seekable(str(Path(path).resolve()), stopped)
    except BROKEN_STREAM as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DatasetError(f"{path}: {said}") from error
    try:
        index = Index(name, file, stopped)
    except BaseException:
        file.close()
        raise
    if not len(index):
        index.close()
        raise DatasetError(f"{path}: there is no recording in it")
    return index


def _seekable(path: str, stopped: Stopped) -> BinaryIO:
    """Open a file, unpacked if it is compressed.

    Raises:
        One of `BROKEN_STREAM`.
    """
    if magic_of(path) in ("", "zip"):
        return open_stream(path)
    spool = cast(BinaryIO, tempfile.TemporaryFile(prefix="veristone-replay-"))  # noqa: SIM115
    try:
        with closing(open_stream(path)) as stream:
            while piece := stream.read(1 << 20):
                if stopped():
                    raise ValueError("reading was stopped")
                if spool.tell() > _MOST_UNPACKED:
                    raise ValueError(f"more than {_MOST_UNPACKED >> 30} GiB, unpacked")
                spool.write(piece)
        spool.seek(0)
    except BaseException:
        spool.close()
        raise
    return spool
