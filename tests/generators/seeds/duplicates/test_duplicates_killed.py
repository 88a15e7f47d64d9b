"""Killed at every operation on a file and started again, a step ends with the same bytes."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from duplicate_cases import seed

from veristone.generators.seeds.duplicates import files, index
from veristone.generators.seeds.duplicates.exact import ExactDuplicates
from veristone.generators.seeds.duplicates.near import NearDuplicates
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import OrderedStep, Outcome

TEXTS = "abc abd xyz abc|efg efh|abc zzz|efg hij hij|zzz qrs"
PARTS: list[list[Seed]] = [
    [seed(" ".join(word * 3) + f" {word}") for word in part.split()] for part in TEXTS.split("|")
]
_OPERATIONS = ("_write", "_truncate", "_flush", "_rename", "_flush_folder")


class Killed(BaseException):
    """The process is no more."""


@pytest.fixture
def die_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the n-th operation from now on be the last; half of a write may reach the disk."""
    left = -1

    def wrap(name: str, original: Callable[..., None]) -> Callable[..., None]:
        def operation(*arguments: Any) -> None:
            nonlocal left
            if left == 0:
                if name == "_write":
                    file, data = arguments
                    assert isinstance(file, io.BufferedIOBase)
                    half = bytes(data)
                    file.write(half[: len(half) // 2])
                    file.flush()
                raise Killed
            left -= 1
            original(*arguments)

        return operation

    def arm(count: int) -> None:
        nonlocal left
        left = count

    for name in _OPERATIONS:
        monkeypatch.setattr(files, name, wrap(name, getattr(files, name)))
    monkeypatch.setattr(index, "remove", wrap("remove", index.remove))
    return arm


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def decide(step: OrderedStep, number: int, folder: Path) -> list[Outcome]:
    return step.decide(number, PARTS[number], step.sketch(PARTS[number]), folder)


NEAR = NearDuplicates(permutations=16, shingle=2, threshold=0.7)


@pytest.mark.parametrize(
    ("step", "known", "again"),
    [
        pytest.param(NEAR, 0, 0, id="a part that is new"),
        pytest.param(NEAR, 1, 0, id="a part that was done"),
        pytest.param(NEAR, 1, 1, id="a part that was done; on resuming, the one before it first"),
        pytest.param(ExactDuplicates(), 1, 0, id="exact"),
        pytest.param(NEAR.model_copy(update={"engine": "datasketch"}), 1, 1, id="datasketch"),
    ],
)
def test_killed_anywhere_and_told_again(
    tmp_path: Path, die_at: Callable[[int], None], step: OrderedStep, known: int, again: int
) -> None:
    """A part is decided where `known` says whether it was decided before, and killed."""
    straight = tmp_path / "straight"
    straight.mkdir()
    snapshots = [shutil.copytree(straight, tmp_path / "after-0")]
    truth: list[list[Outcome]] = []
    for number in range(len(PARTS)):
        truth.append(decide(step, number, straight))
        snapshots.append(shutil.copytree(straight, tmp_path / f"after-{number + 1}"))
    folder = tmp_path / "work"
    for number in range(len(PARTS)):
        kills, alive = 0, False
        while not alive:
            shutil.copytree(snapshots[number + known], folder)
            die_at(kills)
            try:
                decide(step, number, folder)
                alive = True
            except Killed:
                kills += 1
            die_at(-1)
            if not alive:
                for part in range(max(0, number - again), number + 1):
                    assert decide(step, part, folder) == truth[part]
            assert contents(folder) == contents(snapshots[number + 1])
            shutil.rmtree(folder)
        assert kills >= 4
