"""A run's folder, damaged, filled with other things, or used for another recipe."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from veristone import ConfigError
from veristone.generators.seeds.pipeline.recipe import Recipe
from veristone.generators.seeds.pipeline.run import Run
from veristone.generators.seeds.pipeline.storage import (
    StageFolder,
    StagePlan,
    read_seeds,
    stage_folders,
)
from veristone.settings import checked

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
    return checked(Recipe, settings, "test")


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


@pytest.mark.parametrize("name", ["recipe.json", "seeds.jsonl", "report.html"])
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
    begun = [path.name for path in stage_folders(folder)]
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
