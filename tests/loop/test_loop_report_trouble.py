"""Runs that failed, stopped, were damaged, or have not begun: there is a report of all of them."""

import html
import json
import re
import shutil
import sys
import tracemalloc
from pathlib import Path

import msgspec
import pytest
from report_responses import records
from report_runs import Size, fill, make_run, write_recipe

from veristone import ConfigError
from veristone.loop.plan import plan
from veristone.loop.report.gather import gather
from veristone.loop.report.run import Trouble
from veristone.loop.report.texts import read_verdicts
from veristone.loop.report.write import write_report

FILES = (
    "align.json",
    "seeds/main/funnel.json",
    "round-1/synthesis/main/counts.json",
    "round-1/synthesis/main/responses.jsonl",
    "round-1/synthesis/main/refused.jsonl",
    "round-1/selection/main/funnel.json",
    "round-1/selection/main/selected.jsonl",
    "round-1/dataset/main/rows/veristone.json",
    "round-1/training/main/training.json",
    "round-1/training/main/step.json",
    "round-1/evaluation/main/mbpp/results.json",
    "evaluation/base/humaneval+/results.json",
)
TINY = Size(instructions=6, responses=3, rounds=1, tasks=6, steps=5)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "run"
    make_run(folder, TINY)
    return folder


@pytest.fixture
def run(tiny: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(tiny, tmp_path / "run"))


def written(folder: Path) -> str:
    paths = write_report(folder)
    assert [path.name for path in paths] == ["report.html", "report.json"]
    assert all(path.stat().st_size for path in paths)
    return html.unescape(re.sub("<[^>]+>", "", paths[0].read_text(encoding="utf-8")))


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folder of a run"):
        write_report(tmp_path / "nothing")


def test_nothing_has_run_yet(tmp_path: Path) -> None:
    text = written(tmp_path)
    assert "Not evaluated yet" in text
    assert "nothing has run yet" in text


def test_a_run_stopped_after_each_step_has_a_report(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path / "recipe", rounds=1)
    run = tmp_path / "run"
    run.mkdir()
    (run / "align.json").write_text(json.dumps(recipe.model_dump(mode="json", by_alias=True)))
    steps = plan(recipe)
    for number, step in enumerate(steps):
        fill(run, step, TINY, done=False, exit=1)
        assert f"{step.name}: failed with status 1" in gather(run).missing
        fill(run, step, TINY)
        missing = gather(run).missing
        assert bool(missing) == (number < len(steps) - 1)
    assert "not finished" not in written(run)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [None, b"", b"null", b"\xff\x00", b"7\n{}\n"])
def test_any_file_may_be_absent_or_damaged(run: Path, name: str, content: bytes | None) -> None:
    (run / name).unlink()
    if content is not None:
        (run / name).write_bytes(content)
    written(run)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_a_file_s_place_is_trouble(run: Path, name: str) -> None:
    (run / name).unlink()
    (run / name).mkdir()
    written(run)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".json")])
def test_wrong_values_are_trouble_and_not_the_end(run: Path, name: str) -> None:
    """Every value of a file replaced, one kind at a time."""
    original = json.loads((run / name).read_text())
    for wrong in (None, -1, "x", [], {}):
        changed = dict.fromkeys(original, wrong)
        (run / name).write_text(json.dumps(changed))
        written(run)


@pytest.mark.parametrize("wrong", [None, 1e308, -1e308, 0.0, -5.0, 10**30])
def test_steps_of_training_with_absurd_values_are_drawn(run: Path, wrong: float | None) -> None:
    path = run / "round-1/training/main/training.json"
    journal = json.loads(path.read_text())
    for key in ("loss", "learning_rate", "grad_norm"):
        for step in journal["steps"][1:3]:
            step[key] = wrong
    path.write_text(json.dumps(journal))
    written(run)


@pytest.mark.parametrize("wrong", [1e308, -1e308, 0.0, -5.0])
def test_scores_with_absurd_values_are_drawn(run: Path, wrong: float) -> None:
    path = run / "round-1/evaluation/main/mbpp/results.json"
    found = json.loads(path.read_text())
    found["veristone"]["base"][0].update(mean=wrong, low=-wrong, high=wrong)
    path.write_text(json.dumps(found))
    written(run)


def test_what_is_damaged_is_named(run: Path) -> None:
    (run / "round-1/training/main/training.json").write_text("{")
    (run / "round-1/synthesis/main/responses.jsonl").write_text("{}\nx\n")
    facts = gather(run)
    assert any("training/main/training.json" in one for one in facts.trouble)
    assert any("responses.jsonl: 2 lines could not be read" in one for one in facts.trouble)
    assert str(run) not in " ".join(facts.trouble)


def test_a_variant_that_has_not_begun_has_nothing_of_the_main_one(run: Path) -> None:
    for place in run.rglob("failures-only"):
        shutil.rmtree(place)
    facts = gather(run)
    assert "round-1/selection/failures-only: has not begun" in facts.missing
    assert all("/failures-only" in one for one in facts.missing)
    rows = {one.variant: one.trained for one in facts.by_round}
    assert rows["failures-only"] is None
    assert rows["main"] is not None


def test_benchmarks_that_are_gone_are_named(run: Path) -> None:
    recipe = json.loads((run / "align.json").read_text())
    recipe["benchmarks"]["Gone"] = "/nowhere/gone.jsonl"
    (run / "align.json").write_text(json.dumps(recipe))
    facts = gather(run)
    assert facts.data is not None
    assert "Gone" not in facts.data.tasks
    assert not any("/nowhere" in one for one in facts.trouble)
    assert "benchmark Gone is not compared" in written(run)


def test_equal_folders_give_equal_files(run: Path) -> None:
    first = [path.read_bytes() for path in write_report(run)]
    assert [path.read_bytes() for path in write_report(run)] == first
    other = run.parent / "elsewhere"
    run.rename(other)
    assert [path.read_bytes() for path in write_report(other)] == first


def test_memory_does_not_grow_with_the_responses(tmp_path: Path) -> None:
    peaks: list[int] = []
    some = [msgspec.json.encode(one) for one in records(300, 10)]
    for times in (1, 4):
        folder = tmp_path / str(times)
        folder.mkdir()
        with (folder / "responses.jsonl").open("wb") as file:
            for number in range(times):
                for line in some:
                    file.write(line.replace(b'{"id":"', b'{"id":"%d' % number, 1) + b"\n")
        tracemalloc.start()
        found = read_verdicts(folder, Trouble(tmp_path))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.responses == times * len(some)
    assert peaks[1] < 1.3 * peaks[0] + 1_000_000


@pytest.mark.parametrize("name", ["sklearn", "scipy"])
def test_a_missing_package_is_named_with_its_extra(
    run: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for module in [one for one in sys.modules if one.partition(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=r"veristone\[report\]"):
        write_report(run)
