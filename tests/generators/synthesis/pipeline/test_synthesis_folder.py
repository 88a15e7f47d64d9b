"""What a run's folder takes and what it refuses; trouble with the disk."""

from pathlib import Path

import msgspec
import pytest
from pipeline_parts import (
    FROZEN,
    NAMES,
    STAGES,
    FakeVerifier,
    exported,
    fake_model,
    inputs,
    started,
    verify,
    work,
)

from veristone import ConfigError, DatasetError
from veristone.files import only_one
from veristone.generators.synthesis.pipeline.feed import check_ids
from veristone.generators.synthesis.pipeline.folder import EXPORTS, begin, find
from veristone.generators.synthesis.pipeline.work import asking, work_off
from veristone.generators.synthesis.records import Record
from veristone.queues import QueueUnavailable, SQLiteQueue


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.touch()
    with pytest.raises(ConfigError, match=r"out\.jsonl is a file: name a folder"), only_one(path):
        pass


def test_a_changed_recipe_is_refused(tmp_path: Path) -> None:
    with only_one(tmp_path):
        begin(tmp_path, FROZEN, ["a"])
        begin(tmp_path, FROZEN, ["a"])
        with pytest.raises(ConfigError, match="another recipe"):
            begin(tmp_path, FROZEN + b" ", ["a"])
    assert find(tmp_path).recipe() == FROZEN


def test_a_frozen_recipe_that_somebody_edits_is_refused(tmp_path: Path) -> None:
    with only_one(tmp_path):
        folder = begin(tmp_path, FROZEN, ["a"])
    (tmp_path / "recipe.json").write_bytes(FROZEN.replace(b"tests", b"TESTS"))
    with pytest.raises(ConfigError, match="was changed"):
        folder.recipe()
    (tmp_path / "recipe.json").unlink()
    with pytest.raises(ConfigError, match="No such file"):
        folder.recipe()


@pytest.mark.parametrize("name", ["recipe.json", "run.sqlite", *EXPORTS])
def test_a_folder_of_somebody_else_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    with only_one(tmp_path), pytest.raises(ConfigError, match="not ours"):
        begin(tmp_path, FROZEN, ["a"])
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "damaged"),
        (b"{}", "damaged"),
        (b'{"format": 9, "run": "x", "recipe": "y", "stages": ["a"]}', "format 9"),
    ],
)
def test_a_damaged_folder(content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "generation.json").write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        find(tmp_path)


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        (["a", ""], "input 2: an id has 1 to 400 bytes"),
        (["é" * 201], "402"),
        (["a", "b/c", "a/0"], "'a/0' and also its beginning 'a'"),
        (["a/b/c", "a/b"], "'a/b/c' and also its beginning 'a/b'"),
    ],
)
def test_ids_that_could_be_taken_for_others(ids: list[str], says: str) -> None:
    with pytest.raises(DatasetError) as raised:
        check_ids(Record(id=key) for key in ids)
    assert says in str(raised.value)


def test_ids_that_are_fine() -> None:
    fine = ["a", "a", "ab/c", "é" * 200, "HumanEval/0", "HumanEval/1", "x y", "/", "b/"]
    assert check_ids(Record(id=key) for key in fine) == len(fine)
    assert check_ids([]) == 0


async def test_a_full_disk_ends_the_worker_and_costs_no_record_its_attempts(
    tmp_path: Path,
) -> None:
    records = [msgspec.structs.replace(one, response="x" * 50_000) for one in inputs(10)]
    folder, _ = await started(tmp_path / "run", records, attempts=1)
    async with folder.open() as chain:
        source = chain.queues["instruct"]
        assert isinstance(source, SQLiteQueue)
        full = "PRAGMA max_page_count = 1"
        await source._store.run(lambda db: db.execute(full).fetchall())
        with pytest.raises(QueueUnavailable, match=r"run\.sqlite: database or disk is full"):
            await work_off(chain, "instruct", asking(STAGES[0], fake_model(), 0), concurrency=2)
        stats = await source.stats()
        assert (stats.dead, stats.leased, stats.ready + stats.delayed + stats.done) == (0, 0, 10)
    for stage in STAGES:
        await work(folder, stage, fake_model())
    await verify(folder, FakeVerifier())
    assert b'"finished": true' in (await exported(folder))["counts"]


async def test_exports_are_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full in the middle leaves the exports of before, and nothing beside them."""
    import veristone.files as module

    folder, _ = await started(tmp_path / "run", inputs(20))
    await work(folder, STAGES[0], fake_model())
    before = await exported(folder)
    await work(folder, STAGES[1], fake_model())

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            await exported(folder)
    assert (folder.path / "instructions.jsonl").read_bytes() == before["instructions"]
    assert (folder.path / "counts.json").read_bytes() == before["counts"]
    assert not list(folder.path.glob(".export*"))
    assert (await exported(folder))["counts"] != before["counts"]


async def test_stages_in_order(tmp_path: Path) -> None:
    with only_one(tmp_path):
        folder = begin(tmp_path, FROZEN, [stage.name for stage in STAGES])
    assert folder.stages == NAMES
    async with folder.open() as chain:
        assert [chain.after(stage) for stage in NAMES] == ["respond", "verify", None]
