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

import contextlib
import hashlib
import json
import math
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from veristone import (
    Completion,
    DatasetError,
    Generation,
    GenerationRequest,
    Message,
    RequestRefused,
)
from veristone.files import BROKEN, unpacked

__all__ = ["Line", "Table", "open_recording", "read_line", "write_line"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS recorded (
    number INTEGER PRIMARY KEY,  -- of two lines with one id the later counts
    id TEXT NOT NULL,  -- empty: found by its question alone
    question BLOB NOT NULL,  -- digest of the prompt or the messages; empty: there are none
    line BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS by_id ON recorded (id);
CREATE INDEX IF NOT EXISTS by_question ON recorded (question);
"""
_INSERT = "INSERT INTO recorded (id, question, line) VALUES (?, ?, ?)"
_BY_ID = "SELECT line FROM recorded WHERE id = ? AND id <> '' ORDER BY number DESC LIMIT 1"
_BY_QUESTION = (
    "SELECT line FROM recorded WHERE number IN"
    " (SELECT max(number) FROM recorded WHERE question = ? GROUP BY id LIMIT 2)"
)
_SQLITE = b"SQLite format 3\0"
_LINES_AT_ONCE = 500


class _Recorded(msgspec.Struct, frozen=True):
    text: str
    finish_reason: str | None = None
    logprobs: tuple[dict[str, float | None], ...] | None = None
    note: str = ""

    def completion(self) -> Completion:
        tops = tuple(
            {token: -math.inf if value is None else value for token, value in top.items()}
            for top in self.logprobs or ()
        )
        reason = self.finish_reason or "stop"
        return Completion(text=self.text, finish_reason=reason, logprobs=tops, note=self.note)


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
            completions=tuple(
                Completion(text=one) if isinstance(one, str) else one.completion()
                for one in self.texts[: request.n]
            ),
            model=model if self.model is None else self.model,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens if len(self.texts) == request.n else 0,
        )


def read_line(data: bytes) -> Line:
    """Return a line of a recording.

    Raises:
        ValueError: it is none; the message says why.
    """
    try:
        # Python's own decoder knows what Python's encoder writes: NaN, lone surrogates.
        line = msgspec.convert(json.loads(data), type=Line)
    except RecursionError as error:
        raise ValueError(str(error)) from error
    fields = ("completions", "samples", "responses")
    given = [name for name in fields if getattr(line, name) is not None]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise ValueError(f"it needs one of completions, samples and responses, and has {found}")
    if line.prompt and line.messages:
        raise ValueError("it has both a prompt and messages")
    if not (line.id or line.prompt or line.messages):
        raise ValueError("it has no id, no prompt and no messages to be found by")
    return line


def write_line(request: GenerationRequest, generation: Generation) -> bytes:
    """Return the line that replays a generation, with the request for those who read it.

    Raises:
        UnicodeEncodeError: there is a lone surrogate in a text.
    """
    fields = {**msgspec.structs.asdict(request), **msgspec.structs.asdict(generation)}
    return msgspec.json.encode(fields)


def _question(asked: Line | GenerationRequest) -> bytes:
    """Return the digest of a prompt or of messages; empty where there are neither."""
    if not (asked.prompt or asked.messages):
        return b""
    turns = [[message.role, message.content] for message in asked.messages or ()]
    return hashlib.blake2b(json.dumps(asked.prompt or turns).encode(), digest_size=16).digest()


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

    def close(self) -> None:
        """Close the file, which then stands alone if no other process has it open."""
        with self._busy:
            with contextlib.suppress(sqlite3.Error):
                self._base.execute("PRAGMA journal_mode = DELETE")
            self._base.close()

    def add(self, request: GenerationRequest, line: bytes) -> None:
        """Add a line; it lasts once this returns."""
        with self._busy:
            self._base.execute(_INSERT, (request.id, _question(request), line))

    def find(self, request: GenerationRequest) -> Line:
        """Return the last line with the request's id, or else with its prompt or messages.

        Raises:
            RequestRefused: there is none, it was recorded with another prompt, or the prompt was
                recorded under several ids.
        """
        key = _question(request)
        found = self._base.execute(_BY_ID, (request.id,)).fetchone()
        if found is not None:
            line = read_line(found[0])
            if _question(line) in (b"", key):
                return line
            raise RequestRefused(
                f"request {request.id}: it is recorded with another prompt (to have it found by its"
                " id alone, leave the prompt out of the line)"
            )
        lines = self._base.execute(_BY_QUESTION, (key,)).fetchall()
        if len(lines) == 1:
            return read_line(lines[0][0])
        why = "its prompt is recorded under several ids" if lines else "it is not recorded"
        raise RequestRefused(f"request {request.id}: {why}, by its id or by its prompt")

    def first(self) -> Line | None:
        """Return the first line; None where there is none."""
        found = self._base.execute("SELECT line FROM recorded ORDER BY number LIMIT 1").fetchone()
        return None if found is None else read_line(found[0])

    def fill(self, lines: Iterator[tuple[int, bytes]], name: str) -> bool:
        """Copy the next numbered lines of a file; false where there were none any more.

        Raises:
            DatasetError: a line is no recording.
        """
        some = list(islice(lines, _LINES_AT_ONCE))
        with self._busy, self._base:
            self._base.execute("BEGIN")
            for number, data in some:
                try:
                    line = read_line(data)
                    self._base.execute(_INSERT, (line.id or "", _question(line), data))
                except ValueError as error:
                    if data.endswith(b"\n"):  # or else it is a last line that a kill tore
                        raise DatasetError(f"{name}: line {number}: {error}") from error
        return bool(some)


def open_recording(path: Path) -> tuple[Table, Iterator[tuple[int, bytes]]]:
    """Return the table of a recording, and the numbered lines that are still to be filled in.

    Raises:
        DatasetError: there is no such file.
        sqlite3.Error: it is a table of something else.
    """
    if not path.is_file():
        raise DatasetError(f"{path}: " + ("no file" if path.exists() else "No such file"))
    try:
        with open(path, "rb") as file:
            head = file.read(len(_SQLITE))
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from error
    if head == _SQLITE:
        return Table(str(path), new=False), iter(())
    return Table(), _lines(path)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with unpacked(path) as file:
            for number, data in enumerate(file, 1):
                data = data.removeprefix(b"\xef\xbb\xbf") if number == 1 else data
                if data.strip():
                    yield number, data
    except BROKEN as error:
        raise DatasetError(f"{path}: {error}") from error
