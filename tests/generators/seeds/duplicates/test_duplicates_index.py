"""The index: what it remembers, how far it goes back, and what it refuses."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from veristone import ConfigError
from veristone.generators.seeds.duplicates import index
from veristone.generators.seeds.duplicates.index import Index
from veristone.generators.seeds.duplicates.ragged import Ragged

BANDS = 2


def add(folder: Path, part: int, names: list[str], settings: str = "same") -> None:
    new = Index(folder, settings, part, BANDS)
    values = np.array([ord(name[0]) for name in names], np.uint32)
    sets = Ragged(values, np.arange(1, len(names) + 1, dtype=np.int64))
    keys = np.tile(values, (BANDS, 1))
    new.commit(sets, names, keys, np.ones(keys.shape, np.bool_))


def names(folder: Path, part: int) -> list[str]:
    known = Index(folder, "same", part, BANDS)
    found = [known.id_of(row) for row in range(len(known))]
    assert [chr(int(known.set_of(row)[0])) for row in range(len(known))] == [n[0] for n in found]
    assert sum(len(segment.bands[0]) for segment in known.segments) == len(known)
    return found


def test_grows_part_by_part(tmp_path: Path) -> None:
    parts = [["a", "bb"], [], ["ccc"], ["é", "\ud800"], ["e"] * 9]
    for number, part in enumerate(parts):
        add(tmp_path, number, part)
    assert names(tmp_path, 5) == [name for part in parts for name in part]


@pytest.mark.parametrize("back", [0, 1, 2])
def test_goes_back_and_forgets(tmp_path: Path, back: int) -> None:
    for number in range(6):
        add(tmp_path, number, [f"{number}", f"{number} again"])
    kept = 6 - back
    assert names(tmp_path, kept) == [f"{n}{a}" for n in range(kept) for a in ("", " again")]
    add(tmp_path, kept, ["x"])
    assert names(tmp_path, kept + 1)[-2:] == [f"{kept - 1} again", "x"]


def test_part_0_begins_anew_even_with_other_settings(tmp_path: Path) -> None:
    add(tmp_path, 0, ["a", "b"])
    add(tmp_path, 1, ["c"])
    add(tmp_path, 0, ["z"], settings="other")
    assert [Index(tmp_path, "other", 1, BANDS).id_of(0)] == ["z"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "0-1",
        "ends.u64",
        "ids.utf8",
        "sets.u32",
        "state.json",
    ]


@pytest.mark.parametrize(
    ("part", "settings", "message"),
    [
        (5, "same", "part 5 cannot follow"),
        (1, "same", "part 1 cannot follow"),
        (4, "other", "other settings"),
    ],
)
def test_what_cannot_follow_is_refused(
    tmp_path: Path, part: int, settings: str, message: str
) -> None:
    for number in range(4):
        add(tmp_path, number, ["a"])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ConfigError, match=message):
        Index(tmp_path, settings, part, BANDS)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_later_part_than_the_first_needs_a_folder_with_something_in_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="part 1 cannot follow"):
        Index(tmp_path / "new", "same", 1, BANDS)


@pytest.mark.parametrize("name", ["ends.u64", "ids.utf8", "sets.u32", "0-2", "state.json"])
def test_damage_is_named_and_not_read_over(tmp_path: Path, name: str) -> None:
    add(tmp_path / "whole", 0, ["a", "b"])
    shutil.copytree(tmp_path / "whole", tmp_path / "short")
    with open(tmp_path / "short" / name, "r+b") as file:
        file.truncate((tmp_path / "short" / name).stat().st_size - 1)
    with pytest.raises(ConfigError, match=name.replace(".", r"\.")):
        Index(tmp_path / "short", "same", 1, BANDS)
    (tmp_path / "whole" / name).unlink()
    with pytest.raises(ConfigError):
        Index(tmp_path / "whole", "same", 1, BANDS)


def test_few_files_however_many_parts(tmp_path: Path) -> None:
    for number in range(40):
        add(tmp_path, number, ["a"] * (number % 3))
    assert len(list(tmp_path.iterdir())) <= 4 + 3 * 7


def test_what_is_forgotten_stays_so_when_killed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        add(tmp_path, number, ["a", "b"])

    def die(path: Path, size: int, data: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(index, "append", die)
        with pytest.raises(KeyboardInterrupt):
            add(tmp_path, 2, ["c"])
    with pytest.raises(ConfigError, match="part 3 cannot follow"):
        Index(tmp_path, "same", 3, BANDS)
    assert names(tmp_path, 2) == ["a", "b", "a", "b"]
