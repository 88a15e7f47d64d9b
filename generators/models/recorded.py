"""Recorded generations: one SQLite table, and the lines of JSON that it holds.

    {"id"?, "prompt"? | "messages"?, "completions": [{"text", "finish_reason"?, "logprobs"?}, ...],
     "model"?, "prompt_tokens"?, "completion_tokens"?, ...}

A completion may be a plain string. Instead of `completions` a line may have `samples` or
`responses`, lists of strings, as recordings of the field do. A line needs an id, a prompt or
messages, for it is found by nothing else. Other fields are passed over; `write_line` adds those of
the request. JSON has no infinity: a log-probability of minus infinity is null.

`RecordingModel` writes the table into a file, `ReplayModel` reads such a file, or JSON lines, plain
or compressed, which it copies into a temporary one. ``SELECT line FROM recorded`` is JSON lines
again.
"""

import bz2
import contextlib
import gzip
import hashlib
import json
import lzma
import math
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from veristone import Completion, DatasetError, Generation, GenerationRequest, Message

__all__ = ["Line", "Table", "open_recording", "question", "read_line", "write_line"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS recorded (
    number INTEGER PRIMARY KEY,  -- the later of two lines with one id counts
    id TEXT NOT NULL,  -- empty: found by its question alone
    question BLOB NOT NULL,  -- digest of the prompt or the messages; empty: there are none
    line BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS by_id ON recorded (id);
CREATE INDEX IF NOT EXISTS by_question ON recorded (question);
CREATE UNIQUE INDEX IF NOT EXISTS anonymous ON recorded (question) WHERE id = '';
"""
_INSERT = "INSERT INTO recorded (number, id, question, line) VALUES (?, ?, ?, ?)"
_INSERT_OR_REPLACE = "INSERT OR REPLACE INTO recorded (id, question, line) VALUES (?, ?, ?)"
_OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError)
_SQLITE = b"SQLite format 3\0"
_LINES_AT_ONCE = 500


class BadLine(ValueError):
    """A line is no recorded generation; the message says why."""


class _Recorded(msgspec.Struct, frozen=True):
    text: str
    finish_reason: str | None = None
    logprobs: tuple[dict[str, float | None], ...] | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line, as it is read. Null is as good as nothing."""

    id: str | None = None
    prompt: str | None = None
    messages: tuple[Message, ...] | None = None
    completions: tuple[_Recorded | str, ...] | None = None
    samples: tuple[str, ...] | None = None
    responses: tuple[str, ...] | None = None
    model: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def texts(self) -> Sequence[_Recorded | str]:
        """The completions, under whichever name the line has them."""
        return self.completions or self.samples or self.responses or ()

    def generation(self, request: GenerationRequest, model: str) -> Generation:
        """Return the first n completions, by `model` where the line names none. How many tokens
        they have is known only for all of them."""
        return Generation(
            id=request.id,
            completions=tuple(map(_completion, self.texts[: request.n])),
            model=model if self.model is None else self.model,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens if len(self.texts) == request.n else 0,
        )


def _completion(one: _Recorded | str) -> Completion:
    if isinstance(one, str):
        return Completion(text=one)
    tops = tuple(
        {token: -math.inf if value is None else value for token, value in top.items()}
        for top in one.logprobs or ()
    )
    return Completion(text=one.text, finish_reason=one.finish_reason or "stop", logprobs=tops)


_decoder = msgspec.json.Decoder(Line)


def read_line(data: bytes) -> Line:
    """Return a line of a recording.

    Raises:
        BadLine: it is none.
    """
    try:
        try:
            line = _decoder.decode(data)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            # Python's own decoder knows what Python's encoder writes: NaN, lone surrogates.
            line = msgspec.convert(json.loads(data), type=Line)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise BadLine(str(error)) from error
    given = [
        name for name in ("completions", "samples", "responses") if getattr(line, name) is not None
    ]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise BadLine(f"it needs one of completions, samples and responses, and has {found}")
    if line.prompt and line.messages:
        raise BadLine("it has both a prompt and messages")
    if not (line.id or line.prompt or line.messages):
        raise BadLine("it has no id, no prompt and no messages to be found by")
    return line


def write_line(request: GenerationRequest, generation: Generation) -> bytes:
    """Return the line that replays a generation, with the request for those who read it.

    Raises:
        UnicodeEncodeError: there is a lone surrogate in a text.
    """
    fields = {**msgspec.structs.asdict(request), **msgspec.structs.asdict(generation)}
    return msgspec.json.encode(fields)


def question(prompt: str | None, messages: Sequence[Message] | None) -> bytes:
    """Return the digest of a prompt or of messages; empty where there are neither."""
    if not (prompt or messages):
        return b""
    turns = [[message.role, message.content] for message in messages or ()]
    return hashlib.blake2b(json.dumps(prompt or turns).encode(), digest_size=16).digest()


class Table:
    """The table. Texts stay on disk; looking one up takes microseconds."""

    def __init__(self, path: str = "", *, new: bool = True) -> None:
        """Open the table of a file, or make it where it is `new`; a temporary one without a path.

        Raises:
            sqlite3.Error: it cannot be opened, or has something else in it.
        """
        # Whoever is cancelled leaves a thread behind that still writes.
        self._busy = threading.Lock()
        self._base = sqlite3.connect(
            path, timeout=60, isolation_level=None, check_same_thread=False
        )
        try:
            if path and new:
                # A kill loses nothing that was committed; a crash of the machine the last moments.
                self._base.execute("PRAGMA journal_mode = WAL")
                self._base.execute("PRAGMA synchronous = NORMAL")
            if new:
                self._base.executescript(_SCHEMA)
        except BaseException:
            self._base.close()
            raise

    def __len__(self) -> int:
        return self._base.execute("SELECT count(*) FROM recorded").fetchone()[0]

    def close(self) -> None:
        """Close the file, which then stands alone if no other process has it open."""
        with self._busy:
            with contextlib.suppress(sqlite3.Error):
                self._base.execute("PRAGMA journal_mode = DELETE")
            self._base.close()

    def add(self, request: GenerationRequest, line: bytes) -> None:
        """Add a line; it lasts once this returns."""
        key = question(request.prompt, request.messages)
        with self._busy:
            self._base.execute(_INSERT_OR_REPLACE, (request.id, key, line))

    def by_id(self, id: str) -> Line | None:
        """Return the last line with an id."""
        return self._first("id = ? AND id <> ''", id)

    def by_question(self, key: bytes) -> list[Line]:
        """Return the line without an id about a question, or else the last of each id; at most
        two."""
        anonymous = self._first("question = ? AND id = ''", key)
        if anonymous is not None:
            return [anonymous]
        query = (
            "SELECT line FROM recorded WHERE number IN"
            " (SELECT max(number) FROM recorded WHERE question = ? GROUP BY id LIMIT 2)"
        )
        return [read_line(line) for (line,) in self._base.execute(query, (key,))]

    def model(self) -> str:
        """Return the first name of a model."""
        for (line,) in self._base.execute("SELECT line FROM recorded ORDER BY number LIMIT 1000"):
            if name := read_line(line).model:
                return name
        return ""

    def fill(self, lines: Iterator[tuple[int, bytes]], name: str) -> bool:
        """Copy the next numbered lines of a file; false where there were none any more.

        Raises:
            DatasetError: a line is no recording, or asks the same as another and neither has an id.
        """
        some = list(islice(lines, _LINES_AT_ONCE))
        with self._busy, self._base:
            self._base.execute("BEGIN")
            for number, data in some:
                self._fill_one(number, data, name)
        return bool(some)

    def _fill_one(self, number: int, data: bytes, name: str) -> None:
        try:
            line = read_line(data)
        except BadLine as error:
            if not data.endswith(b"\n"):
                return  # a last line that a kill tore
            raise DatasetError(f"{name}: line {number}: {error}") from error
        key = question(line.prompt, line.messages)
        try:
            self._base.execute(_INSERT, (number, line.id or "", key, data))
        except UnicodeEncodeError as error:
            raise DatasetError(f"{name}: line {number}: its id is no text: {error}") from error
        except sqlite3.IntegrityError:
            query = "SELECT number FROM recorded WHERE question = ? AND id = ''"
            (first,) = self._base.execute(query, (key,)).fetchone()
            raise DatasetError(
                f"{name}: line {number}: its prompt stands in line {first} too; give both an id"
            ) from None

    def _first(self, where: str, value: str | bytes) -> Line | None:
        query = f"SELECT line FROM recorded WHERE {where} ORDER BY number DESC LIMIT 1"
        found = self._base.execute(query, (value,)).fetchone()
        return None if found is None else read_line(found[0])


def open_recording(path: Path) -> tuple[Table, Iterator[tuple[int, bytes]]]:
    """Return the table of a recording, and the numbered lines that are still to be filled in.

    Raises:
        DatasetError: there is no such file.
        sqlite3.Error: it is a table of something else.
    """
    try:
        if not path.is_file():
            raise DatasetError(f"{path}: " + ("no file" if path.exists() else "No such file"))
        with open(path, "rb") as file:
            head = file.read(len(_SQLITE))
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from error
    if head == _SQLITE:
        return Table(str(path), new=False), iter(())
    opener = next((call for magic, call in _OPENERS.items() if head.startswith(magic)), open)
    return Table(), _lines(path, cast("Callable[[Path, str], BinaryIO]", opener))


def _lines(path: Path, opener: "Callable[[Path, str], BinaryIO]") -> Iterator[tuple[int, bytes]]:
    try:
        with opener(path, "rb") as file:
            for number, data in enumerate(file, 1):
                data = data.removeprefix(b"\xef\xbb\xbf") if number == 1 else data
                if data.strip():
                    yield number, data
    except _BROKEN as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DatasetError(f"{path}: {said}") from error
