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

import gzip
import re
import shutil
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from veristone import ConfigError
from veristone.files import whole_file, write_whole
from veristone.generators.seeds.funnel import SourceFunnel, StepFunnel
from veristone.generators.seeds.records import Rejection, Seed
from veristone.generators.seeds.sources.base import Part
from veristone.generators.seeds.steps import Step

__all__ = ["MinePart", "PartCounts", "StageFolder", "StagePlan", "read_seeds", "stage_folders"]

_encode = msgspec.json.Encoder().encode
_decode_seed = msgspec.json.Decoder(Seed).decode
_decode_rejection = msgspec.json.Decoder(Rejection).decode

_Record = TypeVar("_Record", Seed, Rejection)
_STAGE_NAME = re.compile(r"[1-9][0-9]*-[a-z_]+")
_PART = re.compile(r"[0-9]{6,}")


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


class StageFolder:
    """One stage's files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def plan(self) -> StagePlan | None:
        """Return the plan, or None where the stage has not begun."""
        try:
            return msgspec.json.decode((self.path / "stage.json").read_bytes(), type=StagePlan)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise ConfigError(
                f"{self.path}/stage.json is not ours ({error}): give an empty folder"
            ) from error

    def begin(self, plan: StagePlan) -> None:
        """Make the folders and write the plan down."""
        for name in ("kept", "rejected", "counts", "work"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        write_whole(self.path / "stage.json", _encode(plan))

    def remove(self) -> None:
        """Delete the stage. Killed at any moment, it has deleted all that counts, or nothing."""
        aside = self.path.with_name(f".{self.path.name}")
        with suppress(FileNotFoundError):
            shutil.rmtree(aside)
        self.path.replace(aside)
        shutil.rmtree(aside)

    def work(self, index: int, step: Step) -> Path:
        """Return the folder that the step with this index has for itself."""
        folder = self.path / "work" / f"{index}-{step.kind}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def done(self) -> list[int]:
        """Return the numbers of the parts that are done, in order."""
        plan = self.plan()
        parts = range(len(plan) if plan is not None else 0)
        names = (path.stem for path in (self.path / "counts").glob("*.json"))
        return sorted(int(name) for name in names if _PART.fullmatch(name) and int(name) in parts)

    def is_done(self) -> bool:
        """Return whether the stage has begun and every part is done."""
        plan = self.plan()
        return plan is not None and len(self.done()) == len(plan)

    def counts(self, number: int) -> PartCounts:
        """Return the numbers of a part that is done.

        Raises:
            ConfigError: the file is damaged.
        """
        path = self._counts(number)
        try:
            return msgspec.json.decode(path.read_bytes(), type=PartCounts)
        except msgspec.MsgspecError as error:
            raise self._damaged(path, number, error) from error

    def seeds(self, number: int) -> Iterator[Seed]:
        """Yield the seeds that were kept of a part.

        Raises:
            ConfigError: the file is damaged or gone.
        """
        return self._records("kept", number, _decode_seed)

    def all_seeds(self, numbers: Iterable[int]) -> list[Seed]:
        """Return the seeds that were kept of some parts; raise what `seeds` raises."""
        return [seed for number in numbers for seed in self.seeds(number)]

    def rejections(self, number: int) -> Iterator[Rejection]:
        """Yield what was rejected of a part.

        Raises:
            ConfigError: the file is damaged or gone.
        """
        return self._records("rejected", number, _decode_rejection)

    def _records(
        self, name: str, number: int, decode: Callable[[bytes], _Record]
    ) -> Iterator[_Record]:
        path = self.path / name / f"{number:06}.jsonl.gz"
        try:
            with gzip.open(path, "rb") as file:
                for line in file:
                    yield decode(line)
        except _DAMAGE as error:
            raise self._damaged(path, number, error) from error

    def _counts(self, number: int) -> Path:
        return self.path / "counts" / f"{number:06}.json"

    def _damaged(self, path: Path, number: int, error: Exception) -> ConfigError:
        return ConfigError(
            f"{path} is damaged ({error}): delete {self._counts(number)} and start again; that"
            " part is then done anew"
        )

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
        write_whole(self._counts(number), _encode(counts))


_DAMAGE = (msgspec.MsgspecError, gzip.BadGzipFile, zlib.error, EOFError, FileNotFoundError)


def stage_folders(folder: Path) -> dict[int, list[Path]]:
    """Return the folders of stages in a run's folder, begun or not, by number in order."""
    found: dict[int, list[Path]] = {}
    for path in sorted(folder.glob("[1-9]*-*/")):
        if _STAGE_NAME.fullmatch(path.name):
            found.setdefault(int(path.name.partition("-")[0]), []).append(path)
    return dict(sorted(found.items()))


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
