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
      funnel.json, report.html

Every file appears whole or not at all (written aside, flushed to disk, renamed). The bytes of
`kept` and `rejected` depend on the recipe and the sources alone; `counts` also hold CPU seconds.
"""

import gzip
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from veristone import ConfigError
from veristone.files import whole_file, write_whole
from veristone.generators.seeds.funnel import SourceFunnel, StepFunnel
from veristone.generators.seeds.records import Rejection, Seed
from veristone.generators.seeds.sources.base import Part
from veristone.generators.seeds.steps import Step

__all__ = [
    "PartCounts",
    "StageFolder",
    "StagePlan",
    "read_seeds",
    "stage_folders",
    "stage_number",
]

_encode = msgspec.json.Encoder().encode
_decode_seed = msgspec.json.Decoder(Seed).decode
_decode_rejection = msgspec.json.Decoder(Rejection).decode

_Record = TypeVar("_Record", Seed, Rejection)


class PartCounts(msgspec.Struct, kw_only=True):
    """The numbers of one part."""

    kept: int
    source: SourceFunnel | None = None
    steps: list[StepFunnel] = []


class StagePlan(msgspec.Struct, kw_only=True):
    """What was decided when a stage began, so that going on later does the same."""

    digest: str
    """Of everything that decides its output but the sources' content."""
    mine: list[tuple[int, Part]] = []
    """Parts of the first stage: which source of the recipe, and which part of it."""
    groups: list[tuple[int, int]] = []
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

    def begin(self, plan: StagePlan) -> None:
        """Make the folders and write the plan down."""
        for name in ("kept", "rejected", "counts", "work"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        write_whole(self.path / "stage.json", _encode(plan))

    def remove(self) -> None:
        """Delete the stage. Killed at any moment, it has deleted all that counts, or nothing."""
        aside = self.path.with_name(f".{self.path.name}")
        shutil.rmtree(aside, ignore_errors=True)
        self.path.replace(aside)
        shutil.rmtree(aside)

    def work(self, index: int, step: Step) -> Path:
        """Return the folder that the step with this index has for itself."""
        folder = self.path / "work" / f"{index}-{step.kind}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def done(self) -> list[int]:
        """Return the numbers of the parts that are done, in order."""
        return sorted(int(path.stem) for path in (self.path / "counts").glob("[0-9]*.json"))

    def is_done(self) -> bool:
        """Return whether the stage has begun and every part is done."""
        plan = self.plan()
        return plan is not None and len(self.done()) == len(plan)

    def counts(self, number: int) -> PartCounts:
        """Return the numbers of a part that is done."""
        return msgspec.json.decode(self._path("counts", number).read_bytes(), type=PartCounts)

    def seeds(self, number: int) -> Iterator[Seed]:
        """Yield the seeds that were kept of a part."""
        return self._records("kept", number, _decode_seed)

    def all_seeds(self, numbers: Iterable[int]) -> list[Seed]:
        """Return the seeds that were kept of some parts."""
        return [seed for number in numbers for seed in self.seeds(number)]

    def rejections(self, number: int) -> Iterator[Rejection]:
        """Yield what was rejected of a part."""
        return self._records("rejected", number, _decode_rejection)

    def _records(
        self, name: str, number: int, decode: Callable[[bytes], _Record]
    ) -> Iterator[_Record]:
        with gzip.open(self._path(name, number), "rb") as file:
            for line in file:
                yield decode(line)

    def write(
        self,
        number: int,
        kept: Iterable[Seed],
        rejected: Iterable[Rejection],
        counts: PartCounts,
    ) -> None:
        """Write down a part that is done."""
        for name, items in (("kept", kept), ("rejected", rejected)):
            with (
                whole_file(self._path(name, number)) as raw,
                # Without a time and a name in its header: equal content gives equal bytes.
                gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as file,
            ):
                for item in items:
                    file.write(_encode(item) + b"\n")
        write_whole(self._path("counts", number), _encode(counts))

    def _path(self, name: str, number: int) -> Path:
        return self.path / name / f"{number:06}.{'json' if name == 'counts' else 'jsonl.gz'}"


def stage_folders(folder: Path) -> list[Path]:
    """Return the folders of the stages that have begun in a run's folder, in order."""
    begun = [path.parent for path in folder.glob("[1-9]*-*/stage.json")]
    return sorted(begun, key=stage_number)


def stage_number(folder: Path) -> int:
    """Return the number of a stage, from 1, by its folder."""
    return int(folder.name.partition("-")[0])


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
