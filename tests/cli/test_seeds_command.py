"""`veristone seeds` as a person uses it."""

import functools
import gzip
import json
import sysconfig
from pathlib import Path

import pytest
from command_line import veristone

seeds = functools.partial(veristone, "seeds")
RECIPE = """
[extract]
kind = "functions"
languages = ["python"]
[[steps]]
kind = "exact_duplicates"
[[steps]]
kind = "returns"
[[steps]]
kind = "undefined"
[[steps]]
kind = "contamination"
benchmarks = []
[[steps]]
kind = "near_duplicates"
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    library = Path(sysconfig.get_path("stdlib"))
    for name in ("bisect.py", "heapq.py", "statistics.py", "colorsys.py", "textwrap.py"):
        (folder / name).write_bytes((library / name).read_bytes())
    return folder


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    """A benchmark one of whose solutions is in the corpus."""
    source = Path(sysconfig.get_path("stdlib")) / "bisect.py"
    lines = source.read_text().splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("def bisect_right"))
    last = next(n for n in range(first + 1, len(lines)) if lines[n].startswith("def "))
    item = {
        "task_id": "Test/0",
        "entry_point": "bisect_right",
        "prompt": "\n".join(lines[first : first + 12]) + "\n",
        "canonical_solution": "\n".join(lines[first + 12 : last]).rstrip() + "\n",
    }
    path = tmp_path / "benchmark.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(item).encode()))
    return path


@pytest.mark.slow
def test_all_at_once_and_step_by_step(
    corpus: Path, recipe: Path, benchmark: Path, tmp_path: Path
) -> None:
    common = [recipe, "--source", corpus, "--any-licence", "--benchmark", f"Test={benchmark}"]
    whole = seeds("run", *common, "-o", tmp_path / "a", "--processes", 1)
    assert whole.returncode == 0, whole.stderr
    assert "near_duplicates" in whole.stdout
    assert "seeds.jsonl" in whole.stdout
    for until in (["--until", "mine"], ["--until", "filter"], []):
        step = seeds("run", *common, "-o", tmp_path / "b", "--processes", 1, *until)
        assert step.returncode == 0, step.stderr
        assert (tmp_path / "b/seeds.jsonl").exists() == (not until)
    assert (tmp_path / "a/seeds.jsonl").read_bytes() == (tmp_path / "b/seeds.jsonl").read_bytes()
    names = [
        json.loads(line)["name"] for line in (tmp_path / "a/seeds.jsonl").read_text().splitlines()
    ]
    assert "indent" in names
    assert "bisect_right" not in names
    report = (tmp_path / "a/report.html").read_text()
    assert "Test/0" in report
    again = seeds("report", tmp_path / "a")
    assert again.returncode == 0
    assert (tmp_path / "a/report.html").read_text() == report


def test_nothing_on_stderr_and_no_table_when_quiet(
    corpus: Path, recipe: Path, benchmark: Path, tmp_path: Path
) -> None:
    common = ["--source", corpus, "--any-licence", "--benchmark", f"Test={benchmark}"]
    result = seeds("run", recipe, *common, "-o", tmp_path / "a", "--processes", 1, "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "RECIPE", "-o", "OUT"], "names no sources"),
        (["run", "nothing.toml", "-o", "OUT"], "no such file"),
        (["run", "RECIPE", "--source", "nowhere", "-o", "OUT"], "nowhere: there is no such"),
        (["run", "RECIPE", "--source", "CORPUS", "--until", "mine", "-o", "OUT"], "licence"),
        (
            ["run", "RECIPE", "--source", "CORPUS", "--any-licence", "-o", "OUT"],
            "not covered: any benchmark",
        ),
        (["run", "RECIPE", "--source", "CORPUS", "--benchmark", "x", "-o", "OUT"], "NAME=FILE"),
        (["run", "RECIPE", "--source", "CORPUS", "--processes", "0", "-o", "OUT"], "--processes"),
        (["report", "OUT"], "begin one with"),
    ],
)
def test_bad_input_is_explained(
    arguments: list[str], says: str, corpus: Path, recipe: Path, tmp_path: Path
) -> None:
    places = {"RECIPE": str(recipe), "CORPUS": str(corpus), "OUT": str(tmp_path / "out")}
    result = seeds(*(places.get(word, word) for word in arguments))
    assert result.returncode == 2
    assert result.stderr.startswith("veristone: ")
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_another_recipe_in_the_same_folder(
    corpus: Path, recipe: Path, benchmark: Path, tmp_path: Path
) -> None:
    common = ["--source", corpus, "--any-licence", "--benchmark", f"Test={benchmark}"]
    common += ["-o", tmp_path / "a", "--processes", 1]
    assert seeds("run", recipe, *common).returncode == 0
    before = (tmp_path / "a/seeds.jsonl").read_bytes()
    recipe.write_text(RECIPE + "threshold = 0.9\n")
    refused = seeds("run", recipe, *common)
    assert refused.returncode == 2
    assert "--overwrite" in refused.stderr
    assert (tmp_path / "a/seeds.jsonl").read_bytes() == before
    # What was refused must not have replaced the recipe that the folder belongs to.
    assert seeds("report", tmp_path / "a").returncode == 0
    assert seeds("run", recipe, *common, "--overwrite").returncode == 0
