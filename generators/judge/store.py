"""Judgements on disk, so that no question is asked twice: JSON lines, one file per model.

A judgement is found by its prompt: a changed example, wording or seed is another question, and a
changed `minimum` is not. Each is written as soon as it is there; a line that a kill cut short is
taken out at the next start. Not promised: that a machine's loss of power spares the last ones.

Not for several processes at a time; a run's folder has a lock for that. All judgements of a file
are held in memory, about 0.4 kB each.
"""

import hashlib
import re
from pathlib import Path
from typing import IO

import msgspec

from veristone import ConfigError
from veristone.generators.judge.records import Judgement

__all__ = ["JudgementFile", "StoredJudgement", "judgement_path"]


class StoredJudgement(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the file."""

    prompt: str
    """Key of the prompt (`prompt.Prompt`)."""
    judgement: Judgement


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(StoredJudgement).decode
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.-]+")


def judgement_path(folder: Path, model: str) -> Path:
    """Return the file for a model's judgements: its name in short, and a digest of it."""
    short = _NOT_IN_NAMES.sub("_", model.rpartition("/")[2])[:60].strip("._") or "model"
    digest = hashlib.sha256(model.encode(errors="surrogatepass")).hexdigest()[:8]
    return folder / f"{short}-{digest}.jsonl"


class JudgementFile:
    """The judgements of one model, read when it is opened."""

    def __init__(self, path: Path) -> None:
        """Read what is there.

        Raises:
            ConfigError: a line is no judgement.
            OSError: the file cannot be read or mended.
        """
        self._path = path
        self._file: IO[bytes] | None = None
        self._found: dict[str, Judgement] = {}
        self._size = 0
        self._read()

    def get(self, prompt: str) -> Judgement | None:
        """Return what was answered to a prompt, None if it was not asked yet."""
        return self._found.get(prompt)

    def add(self, prompt: str, judgement: Judgement) -> Judgement:
        """Write an answer down, and return the one that is kept: the first.

        Raises:
            OSError: the disk is full or the file cannot be written.
        """
        known = self._found.get(prompt)
        if known is not None:
            return known
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115 - see `close`
        line = _encode(StoredJudgement(prompt=prompt, judgement=judgement)) + b"\n"
        if self._file.write(line) != len(line):
            self._file.truncate(self._size)
            raise OSError(f"{self._path}: a line could not be written: is the disk full?")
        self._size += len(line)
        self._found[prompt] = judgement
        return judgement

    def close(self) -> None:
        """Close the file; adding opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self) -> None:
        if not self._path.exists():
            return
        with open(self._path, "rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    break
                try:
                    stored = _decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                    raise ConfigError(
                        f"{self._path}, line {number}, is no judgement ({error}): delete the line,"
                        " that seed is then asked about again"
                    ) from error
                self._found.setdefault(stored.prompt, stored.judgement)
                self._size += len(line)
        if self._size < self._path.stat().st_size:
            with open(self._path, "r+b") as file:
                file.truncate(self._size)
