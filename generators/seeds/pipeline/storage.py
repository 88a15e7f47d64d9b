"""The run's folder: what each stage wrote, part by part.

    FOLDER/
      recipe.json              the recipe that the folder belongs to
      1-mine/                  one folder per stage, in order
        stage.json             what was decided when it began: its digest and its inputs
        kept/000000.jsonl.gz   seeds, one file per part
        rejected/000000.jsonl.gz
        counts/000000.json     numbers for the funnel; written last: the part is done
        work/STEP/             what a step keeps for itself
      seeds.jsonl              the kept seeds of the last stage, in order
      funnel.json, report.md, report.html

Every file appears whole or not at all (written aside, flushed to disk, renamed). The bytes of
`kept` and `rejected` depend on the recipe and the sources alone; `counts` also hold CPU seconds.
"""

import fcntl
import gzip
import os
import shutil
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from generators.seeds.funnel import SourceFunnel, StepFunnel
from generators.seeds.records import Rejection, Seed
from generators.seeds.sources.base import Part
from veristone import ConfigError

__all__ = ["PartCounts", "StageFolder", "StagePlan", "only_one", "read_seeds", "whole_file"]

_encode = msgspec.json.Encoder().encode
_decode_seed = msgspec.json.Decoder(Seed).decode
_decode_rejection = msgspec.json.Decoder(Rejection).decode


class PartCounts(msgspec.Struct, kw_only=True):
    """The numbers of one part."""

    kept: int
    sources: list[SourceFunnel] = msgspec.field(default_factory=list[SourceFunnel])
    steps: list[StepFunnel] = msgspec.field(default_factory=list[StepFunnel])


class MinePart(msgspec.Struct, kw_only=True):
    """A part of the first stage: which source of the recipe, and which part of it."""

    source: int
    part: Part


class StagePlan(msgspec.Struct, kw_only=True):
    """What was decided when a stage began, so that going on later does the same."""

    digest: str
    """Of everything that decides its output but the sources' content."""
    mine: list[MinePart] = msgspec.field(default_factory=list[MinePart])
    """Parts of the first stage."""
    groups: list[tuple[int, int]] = msgspec.field(default_factory=list[tuple[int, int]])
    """Parts of a later stage: each is a range of parts of the stage before, end excluded."""

    def __len__(self) -> int:
        """Return the number of parts."""
        return len(self.mine) or len(self.groups)


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


@contextmanager
def only_one(folder: Path) -> Generator[None]:
    """Keep every other process out of a run's folder; a killed one keeps nobody out.

    Raises:
        ConfigError: another process works there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"{folder}: another process works on this run") from None
        yield


class StageFolder:
    """One stage's files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def plan(self) -> StagePlan | None:
        """Return the plan, or None where the stage has not begun."""
        try:
            data = (self.path / "stage.json").read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(data, type=StagePlan)
        except msgspec.MsgspecError as error:
            raise ConfigError(
                f"{self.path}/stage.json is not ours ({error}): give an empty folder"
            ) from error

    def begin(self, plan: StagePlan) -> None:
        """Make the folders and write the plan down."""
        for name in ("kept", "rejected", "counts", "work"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        with whole_file(self.path / "stage.json") as file:
            file.write(_encode(plan))

    def remove(self) -> None:
        """Delete the stage; what is half deleted counts as not begun."""
        (self.path / "stage.json").unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def work(self, step: str) -> Path:
        """Return the folder that a step has for itself."""
        folder = self.path / "work" / step
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def done(self) -> set[int]:
        """Return the numbers of the parts that are done."""
        return {int(path.stem) for path in (self.path / "counts").glob("[0-9]*.json")}

    def counts(self, number: int) -> PartCounts:
        """Return the numbers of a part that is done."""
        data = (self.path / "counts" / f"{number:06}.json").read_bytes()
        return msgspec.json.decode(data, type=PartCounts)

    def seeds(self, number: int) -> Iterator[Seed]:
        """Yield the seeds that were kept of a part."""
        with gzip.open(self.path / "kept" / f"{number:06}.jsonl.gz", "rb") as file:
            for line in file:
                yield _decode_seed(line)

    def rejections(self, number: int) -> Iterator[Rejection]:
        """Yield what was rejected of a part."""
        with gzip.open(self.path / "rejected" / f"{number:06}.jsonl.gz", "rb") as file:
            for line in file:
                yield _decode_rejection(line)

    def write(
        self,
        number: int,
        kept: Iterable[Seed],
        rejected: Iterable[Rejection],
        counts: PartCounts,
    ) -> None:
        """Write down a part that is done."""
        for name, items in (("kept", kept), ("rejected", rejected)):
            with whole_file(self.path / name / f"{number:06}.jsonl.gz") as raw, _gzip(raw) as file:
                for item in items:
                    file.write(_encode(item) + b"\n")
        with whole_file(self.path / "counts" / f"{number:06}.json") as file:
            file.write(_encode(counts))


def _gzip(raw: IO[bytes]) -> gzip.GzipFile:
    # Without a time and a name in its header: equal content gives equal bytes.
    return gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=raw, mtime=0)


def read_seeds(path: Path) -> Iterator[Seed]:
    """Yield the seeds of a finished run's `seeds.jsonl`.

    Raises:
        ConfigError: a line is no seed.
    """
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield _decode_seed(line)
            except msgspec.MsgspecError as error:
                raise ConfigError(f"{path}, line {number}: {error}") from error
