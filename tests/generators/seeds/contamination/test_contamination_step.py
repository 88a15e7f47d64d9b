"""The step of a recipe: prepared once, the same in every process."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from veristone import ConfigError
from veristone.generators.seeds.contamination.step import Contamination
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.seeds.steps import Rejected

CODE = (
    'def has_seven(xs):\n    """Check numbers."""\n'
    "    return sorted({x % 13 for x in xs if str(x).endswith('7')}, reverse=True)\n"
)
ROW = {"task_id": "Own/1", "problem": "Sort the remainders of what ends in seven.", "code": CODE}
CLEAN = 'def read(path):\n    """Read a file."""\n    return open(path).read()\n'


def seed(code: str, docstring: str = "", language: str = "python") -> Seed:
    return Seed(
        id=seed_id(language, code),
        code=code,
        language=language,
        docstring=docstring,
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


def test_a_changed_file_makes_another_index(benchmark: Path, tmp_path: Path) -> None:
    made, folder = step(benchmark), tmp_path / "step"
    made.prepare(folder)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    made.prepare(folder)
    index = next(name for name in before if name != "current")
    assert (folder / index).stat().st_mtime_ns == before[index]
    assert isinstance(made.apply([seed(CODE)], folder)[0], Rejected)
    benchmark.write_text(json.dumps({"problem": "Nothing of this kind.", "code": "x = y"}))
    made.prepare(folder)
    assert isinstance(made.apply([seed(CODE)], folder)[0], Seed)


def test_indices_are_the_same_in_every_process(benchmark: Path, tmp_path: Path) -> None:
    contents: list[dict[str, bytes]] = []
    for hash_seed in ("1", "2"):
        folder = tmp_path / f"step{hash_seed}"
        code = (
            "import sys; from pathlib import Path\n"
            "from veristone.generators.seeds.contamination.step import Contamination\n"
            "Contamination.model_validate({'benchmarks': [{'name': 'Own', 'path': sys.argv[1]}]})"
            ".prepare(Path(sys.argv[2]))"
        )
        subprocess.run(
            [sys.executable, "-c", code, str(benchmark), str(folder)],
            env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[4])},
            check=True,
            cwd=tmp_path,
        )
        contents.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 2


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
        ({"matchers": ["exactly"]}, "exactly"),
        ({"ngram_words": 1}, "ngram_words"),
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


def test_without_an_index_the_step_says_so(benchmark: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="prepare the step"):
        step(benchmark).apply([seed(CLEAN)], tmp_path / "step")


def test_a_damaged_index_says_so(benchmark: Path, tmp_path: Path) -> None:
    made, folder = step(benchmark, exact_nats=4.5), tmp_path / "step"
    made.prepare(folder)
    for path in folder.glob("*.index"):
        path.write_bytes(b"\xc1")
    with pytest.raises(ConfigError, match="remove it"):
        made.apply([seed(CLEAN)], folder)


def test_unknown_settings_are_refused(benchmark: Path) -> None:
    with pytest.raises(ValidationError):
        step(benchmark, threshold=1)
