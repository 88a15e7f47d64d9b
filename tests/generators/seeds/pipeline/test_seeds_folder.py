"""A run's folder, damaged, filled with other things, or used for another recipe."""

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from veristone import ConfigError
from veristone.generators.seeds.pipeline.recipe import Recipe, parse_recipe
from veristone.generators.seeds.pipeline.run import Run
from veristone.generators.seeds.pipeline.storage import (
    StageFolder,
    StagePlan,
    read_seeds,
    stage_folders,
)

FUNCTION = '''\
def scaled_{n}(value, factor):
    """Return the value times the factor and {n}."""
    return value * factor * {n}
'''


def recipe(corpus: Path, *steps: str) -> Recipe:
    settings = {
        "part_size": 2,
        "sources": [{"kind": "tree", "path": str(corpus), "part_files": 2, "licence": "MIT"}],
        "steps": [{"kind": step} for step in steps],
    }
    return parse_recipe(settings, "test")


def run(corpus: Path, folder: Path, *steps: str, redo: bool = False) -> None:
    asyncio.run(Run(recipe(corpus, *steps), folder, processes=1).go(redo=redo))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for n in range(6):
        (folder / f"{n}.py").write_text(FUNCTION.format(n=n))
    return folder


@pytest.fixture(scope="module")
def finished(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    run(corpus, folder, "exact_duplicates", "returns", "arguments")
    assert len(list(read_seeds(folder / "seeds.jsonl"))) == 6
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "run")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def scramble(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[12:20] = b"scramble"
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [truncate, scramble, Path.unlink])
def test_a_damaged_part_is_named_and_can_be_done_anew(
    damage: Callable[[Path], None], folder: Path, finished: Path, corpus: Path
) -> None:
    shutil.rmtree(folder / "3-filters")
    damage(folder / "2-exact_duplicates/kept/000001.jsonl.gz")
    steps = ("exact_duplicates", "returns", "arguments")
    with pytest.raises(ConfigError, match=r"kept/000001.*delete .*counts/000001\.json"):
        run(corpus, folder, *steps)
    (folder / "2-exact_duplicates/counts/000001.json").unlink()
    run(corpus, folder, *steps)
    assert (folder / "seeds.jsonl").read_bytes() == (finished / "seeds.jsonl").read_bytes()


@pytest.mark.parametrize("damage", [truncate, scramble, empty])
def test_damaged_numbers_are_named(
    damage: Callable[[Path], None], folder: Path, corpus: Path
) -> None:
    damage(folder / "2-exact_duplicates/counts/000001.json")
    with pytest.raises(ConfigError, match=r"counts/000001\.json is damaged"):
        Run(recipe(corpus, "exact_duplicates"), folder, processes=1).funnel()


def test_a_damaged_clock_is_named(folder: Path, corpus: Path) -> None:
    (folder / "wall_s").write_text("noon")
    with pytest.raises(ConfigError, match="wall_s is damaged"):
        Run(recipe(corpus, "exact_duplicates"), folder, processes=1).funnel()


def test_files_that_are_no_parts_do_not_count(folder: Path) -> None:
    stage = StageFolder(folder / "1-mine")
    before = stage.done()
    for name in ("000099.json", "000000 (copy).json", "0.json"):
        shutil.copy(folder / "1-mine/counts/000000.json", folder / "1-mine/counts" / name)
    assert stage.done() == before == [0, 1, 2]


@pytest.mark.parametrize("name", ["recipe.json", "seeds.jsonl", "report.md"])
def test_files_of_others_are_not_written_over(name: str, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(ConfigError, match=f"{name} is not ours"):
        run(corpus, tmp_path, "returns")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_others_keep_there_survives(corpus: Path, folder: Path) -> None:
    """A folder of a name that begins like a stage's is no stage."""
    for name in ("2024-11-20", "3rd-try", "9-NOTES"):
        (folder / name).mkdir()
        (folder / name / "notes").write_text("mine")
    run(corpus, folder, "returns", redo=True)
    for name in ("2024-11-20", "3rd-try", "9-NOTES"):
        assert (folder / name / "notes").read_text() == "mine"


def test_a_file_is_no_folder(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConfigError, match="is a file"):
        run(corpus, tmp_path / "file", "returns")


@pytest.mark.parametrize(
    ("steps", "stale"),
    [
        (("exact_duplicates", "returns"), "3-filters"),  # another step: another name
        (("exact_duplicates",), "3-filters"),  # one less
        (("returns", "arguments"), "2-exact_duplicates"),
    ],
)
def test_stages_that_the_recipe_has_no_more(
    steps: tuple[str, ...], stale: str, corpus: Path, folder: Path
) -> None:
    with pytest.raises(ConfigError, match=f"holds {stale}"):
        run(corpus, folder, *steps)
    run(corpus, folder, *steps, redo=True)
    begun = [path.name for paths in stage_folders(folder).values() for path in paths]
    assert begun == [
        stage.name for stage in Run(recipe(corpus, *steps), folder, processes=1).stages
    ]
    assert json.loads((folder / "recipe.json").read_text())["steps"][-1]["kind"] == steps[-1]


def test_seeds_of_a_shorter_recipe_are_not_taken_for_the_new_ones(
    corpus: Path, folder: Path
) -> None:
    class Interrupt(Exception):
        pass

    def stop(_: object) -> None:
        raise Interrupt

    more = recipe(corpus, "exact_duplicates", "returns", "arguments", "near_duplicates")
    with pytest.raises(Interrupt):
        asyncio.run(Run(more, folder, processes=1, on_progress=stop).go())
    assert not (folder / "seeds.jsonl").exists()


def test_a_deletion_that_was_cut_short(
    corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old parts must not be taken for parts of the new stage."""

    class Killed(Exception):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    run_ = Run(recipe(corpus, "returns"), folder, processes=1)
    stale = run_.stale()
    assert stale is not None
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(Killed):
            run_.redo(stale)
    for path in folder.glob("[2-9]-*"):
        plan = StageFolder(path).plan()
        assert plan is not None  # whole, or gone
        StageFolder(path).remove()
        assert StageFolder(path).done() == []
        StageFolder(path).begin(StagePlan(digest="", groups=[(0, 1), (1, 2)]))
        assert StageFolder(path).done() == []


async def test_the_folder_of_a_run_at_work_is_left_alone(corpus: Path, folder: Path) -> None:
    from veristone.files import only_one

    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with only_one(folder), pytest.raises(ConfigError, match="another process"):
        await Run(recipe(corpus, "returns"), folder, processes=1).go(redo=True)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
