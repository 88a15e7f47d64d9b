"""The step of a recipe: prepared once, the same in every process."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from veristone import ConfigError
from veristone.generators.seeds.contamination.step import Contamination
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.seeds.steps import Flagged, Rejected

CODE = (
    'def has_seven(xs):\n    """Check numbers."""\n'
    "    return sorted({x % 13 for x in xs if str(x).endswith('7')}, reverse=True)\n"
)
ROW = {"task_id": "Own/1", "problem": "Sort the remainders of what ends in seven.", "code": CODE}
CLEAN = 'def read(path):\n    """Read a file."""\n    return open(path).read()\n'


def seed(code: str, docstring: str = "", language: str = "python", name: str = "") -> Seed:
    return Seed(
        id=seed_id(language, code),
        code=code,
        language=language,
        docstring=docstring,
        name=name,
        provenance=Provenance(source="test"),
    )


def step(path: Path, **settings: Any) -> Contamination:
    return Contamination.model_validate(
        {"benchmarks": [{"name": "Own", "path": str(path)}], **settings}
    )


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps(ROW))
    return path


def test_seeds_are_kept_or_rejected_in_order(benchmark: Path, tmp_path: Path) -> None:
    made = step(benchmark, evaluated=["own"])
    made.prepare(tmp_path / "step")
    seeds = [seed(CLEAN), seed(CODE.replace("xs", "values")), seed("local x = 1", "", "lua")]
    outcomes = made.apply(seeds, tmp_path / "step")
    assert outcomes[0] is seeds[0]
    assert outcomes[2] is seeds[2]
    assert isinstance(outcomes[1], Rejected)
    assert outcomes[1].reason == "normalised"
    assert outcomes[1].detail == "Own/1 (has_seven): its solution but for the names"
    assert made.apply(seeds[1:2], tmp_path / "step") == outcomes[1:2]


def test_documentation_beside_the_code_counts(benchmark: Path, tmp_path: Path) -> None:
    made = step(benchmark)
    made.prepare(tmp_path / "step")
    (outcome,) = made.apply([seed("x = 1", ROW["problem"])], tmp_path / "step")
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "exact"


def test_a_seed_that_resembles_a_task_is_flagged(benchmark: Path, tmp_path: Path) -> None:
    given = seed("def seven_has(x):\n    return 7 in x", name="seven_has")
    (outcome,) = step(benchmark).apply([given], tmp_path)
    assert outcome == Flagged(given, "same_name", "Own/1 (has_seven): its name has_seven")


def test_a_directory_is_all_of_its_benchmark_files(benchmark: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    benchmark.rename(folder / "b.jsonl")
    (folder / "notes.txt").write_text("not a benchmark")
    made = step(folder)
    made.prepare(tmp_path / "step")
    assert isinstance(made.apply([seed(CODE)], tmp_path / "step")[0], Rejected)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"evaluated": ["Own", "DS-1000"]}, "not covered: DS-1000"),
        ({"benchmarks": []}, "not covered: any benchmark"),
        ({"benchmarks": [{"name": "MBPP", "path": "/nowhere/x"}]}, "MBPP would not be covered"),
    ],
)
def test_prepare_says_what_is_wrong(
    settings: dict[str, Any], says: str, benchmark: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=says):
        step(benchmark, **settings).prepare(tmp_path / "step")


def test_an_unreadable_file_names_its_benchmark(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text("{")
    with pytest.raises(ConfigError, match=r"Own would not be covered.*broken\.jsonl:1"):
        step(path).prepare(tmp_path / "step")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"no file in it ends in"):
        step(tmp_path / "empty").prepare(tmp_path / "step")


def test_unknown_settings_are_refused(benchmark: Path) -> None:
    with pytest.raises(ValidationError):
        step(benchmark, threshold=1)
