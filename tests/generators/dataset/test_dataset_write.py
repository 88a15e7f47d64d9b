"""The dataset as it is written: columns, bytes, splits, the card."""

import json
import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from dataset_selections import render, selected, write_selection
from hypothesis import given
from hypothesis import strategies as st

from veristone import ConfigError, DatasetError
from veristone.generators.dataset import write
from veristone.generators.dataset.clusters import cluster
from veristone.generators.dataset.rows import CONFIGS, arrow
from veristone.generators.dataset.write import RowWriter, write_dataset

DOCS = Path(__file__).parents[3] / "docs" / "selection.md"
# pyarrow has no types.
pq: Any = import_module("pyarrow.parquet")


def read(out: Path, config: str = "default", split: str = "train") -> list[dict[str, Any]]:
    """All rows of a split."""
    folder = out / ("data" if config == "default" else config)
    stem = split if config == "default" else f"{config}-{split}"
    rows: list[dict[str, Any]] = []
    for path in sorted(folder.glob(f"{stem}-*.parquet")):
        rows += pq.read_table(path).to_pylist()
    return rows


def contents(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def test_every_column_is_filled(tmp_path: Path) -> None:
    write_selection(tmp_path / "s", [selected("g/0")])
    write_dataset(tmp_path / "s", tmp_path / "out", render, validation=0)
    (row,) = read(tmp_path / "out")
    assert list(row) == list(CONFIGS["default"])
    assert row["prompt"] == render(row["instruction"])
    assert row["completion"] == row["response"]
    assert row["seed"] == "import os\n\ndef f():\n    return 1\n"
    assert row["concepts"] == ["doubling", "größe"]
    assert (row["repository"], row["path"], row["commit"]) == ("acme/tools", "src/f.py", "abc")
    assert row["licences"] == ["MIT", "Apache-2.0"]
    assert (row["tests_passed"], row["strength"], row["agreement"]) == (3, 0.75, 2)
    assert row["verifier"] == "9"
    assert row["traces"][0]["shots"] == ["a", "b"]
    assert row["traces"][0]["seed"] == 7
    assert row["traces"][1]["seed"] is None
    empty = {name for name, value in row.items() if value in ("", [], None)}
    assert not empty
    (talk,) = read(tmp_path / "out", "messages")
    assert [turn["role"] for turn in talk["messages"]] == ["user", "assistant"]
    for config in ("preferences", "kto", "repairs"):
        for other in read(tmp_path / "out", config):
            assert list(other) == list(CONFIGS[config])
            assert other["prompt"] == render("Double it.")


def test_a_row_without_a_seed_or_scores(tmp_path: Path) -> None:
    row = selected("g/0", strength=None, agreement=None)
    bare = type(row)(
        id=row.id,
        group=row.group,
        instruction="x",
        response="y",
        record=type(row.record)(id="g/0", instruction="x", response="y"),
    )
    write_selection(tmp_path / "s", [bare], products=False)
    write_dataset(tmp_path / "s", tmp_path / "out", render, validation=0)
    (read_back,) = read(tmp_path / "out")
    assert read_back["strength"] is None
    assert read_back["seed"] == ""
    assert not (tmp_path / "out" / "kto").exists()


def test_the_schema_is_the_one_in_the_docs() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for config, columns in CONFIGS.items():
        part = text.partition(f"\n#### `{config}`\n")[2].partition("\n#### ")[0]
        documented = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", part, re.MULTILINE))
        assert documented == columns, config
        assert arrow(columns).names == list(columns)


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    rows = [selected(f"g{n}/0") for n in range(50)]
    write_selection(tmp_path / "s", rows)
    found: list[dict[str, bytes]] = []
    for name in ("one/set", "two/set"):
        write_dataset(tmp_path / "s", tmp_path / name, render)
        found.append(contents(tmp_path / name))
    assert found[0] == found[1]
    write_dataset(tmp_path / "s", tmp_path / "one/set", render)
    assert contents(tmp_path / "one/set") == found[0]
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["set"]


def test_near_duplicates_are_never_parted(tmp_path: Path) -> None:
    words = [f"word{n}" for n in range(12)]
    rows: list[Any] = []
    for family in range(40):
        text = " ".join(f"{word}{family}" for word in words)
        for member in range(3):
            rows += [
                selected(f"f{family:02d}m{member}/{n}", f"{text} and then {member}")
                for n in range(2)
            ]
    write_selection(tmp_path / "s", rows)
    write_dataset(tmp_path / "s", tmp_path / "out", render, validation=0.3)
    where: dict[str, set[str]] = {}
    counts: dict[str, int] = {}
    for split in ("train", "validation"):
        for config in CONFIGS:
            for row in read(tmp_path / "out", config, split):
                where.setdefault(row["group"][:3], set()).add(split)
        counts[split] = len(read(tmp_path / "out", split=split))
    assert all(len(splits) == 1 for splits in where.values())
    assert len(where) == 40
    assert sum(counts.values()) == 240
    assert 24 <= counts["validation"] <= 120


@given(st.lists(st.sampled_from(["a b c d e f", "a b c d e g", "x", "", "q r s t u v"])))
def test_clusters(texts: Sequence[str]) -> None:
    roots = cluster(texts)
    assert len(roots) == len(texts)
    for position, root in enumerate(roots):
        assert root <= position
        assert roots[root] == root
        if texts[position].strip():
            first = texts.index(texts[position])
            assert roots[first] == root, "equal texts belong together"


def test_a_chain_of_similar_texts_is_one_cluster() -> None:
    words = [f"w{n}" for n in range(60)]
    chain = [" ".join(words[n : n + 30]) for n in range(0, 31, 3)]
    assert set(cluster(chain)) == {0}
    assert cluster(["one two three four five six", "seven eight nine ten eleven"]) == [0, 1]
    assert cluster([]) == []


def test_a_crowded_bucket_stays_together() -> None:
    text = " ".join(f"w{n}" for n in range(30))
    assert set(cluster([f"{text} {n}" for n in range(100)])) == {0}


def test_rows_are_written_in_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "_GROUP_ROWS", 10)
    rows = [{"a": "x" * 100, "b": [str(n)]} for n in range(95)]
    path = tmp_path / "d" / "train.parquet"
    with RowWriter(path, {"a": "string", "b": "list<string>"}) as writer:
        for row in rows:
            writer.add(row)
    assert writer.count == 95
    assert pq.read_table(path).to_pylist() == rows
    groups = pq.ParquetFile(path).metadata
    assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == [10] * 9 + [5]


def test_the_card_says_what_is_there(tmp_path: Path) -> None:
    rows = [selected(f"g{n}/0") for n in range(30)]
    settings = {
        "decontamination": {"benchmarks": [{"name": "HumanEval+", "path": "/home/me/he.jsonl"}]}
    }
    write_selection(
        tmp_path / "s",
        rows,
        settings=settings,
        synthesis={"recipe": {"name": "tiny-loop"}},
        licences={"MIT | *odd*\n# x": 30},
    )
    manifest = write_dataset(tmp_path / "s", tmp_path / "out", render, template_name="mine")
    card = (tmp_path / "out" / "README.md").read_text()
    front = card.split("---\n")[1]
    for config, splits in manifest.rows.items():
        assert f"- config_name: {config}\n" in front
        for split, count in splits.items():
            assert f"| {config} | {split} | {count:,} |" in card
    for pattern in re.findall(r"path: (.*)", front):
        assert list((tmp_path / "out").glob(pattern))
    assert "`tiny`" in card
    assert "tiny-loop" in card
    assert "### Instruction\n{instruction}" in card
    assert "HumanEval+" in card
    assert "/home/me" not in card
    assert "he.jsonl" in card
    assert r"MIT \| \*odd\* \# x" in card
    written = json.loads((tmp_path / "out" / "veristone.json").read_text())
    assert set(written["files"]) == {
        p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.parquet")
    }


def test_a_card_without_benchmarks_says_so(tmp_path: Path) -> None:
    write_selection(tmp_path / "s", [selected("g/0")])
    write_dataset(tmp_path / "s", tmp_path / "out", render)
    assert "No benchmark was looked for" in (tmp_path / "out" / "README.md").read_text()


def test_the_files_that_training_takes_are_the_rows(tmp_path: Path) -> None:
    """Programs that take whatever is called `train-*` must not get pairs or repairs with it."""
    write_selection(tmp_path / "s", [selected(f"g{n}/0") for n in range(9)])
    write_dataset(tmp_path / "s", tmp_path / "out", render, validation=0.3)
    found = {path.parent.name for path in (tmp_path / "out").rglob("train-*.parquet")}
    assert found == {"data"}


def test_what_is_refused(tmp_path: Path) -> None:
    write_selection(tmp_path / "s", [selected("g/0")])
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("important")
    with pytest.raises(ConfigError, match="no dataset of ours"):
        write_dataset(tmp_path / "s", other, render)
    assert (other / "thesis.txt").read_text() == "important"
    with pytest.raises(ConfigError, match="validation"):
        write_dataset(tmp_path / "s", tmp_path / "out", render, validation=1)
    with pytest.raises(DatasetError, match="no finished selection"):
        write_dataset(tmp_path / "none", tmp_path / "out", render)
    write_selection(tmp_path / "empty", [])
    with pytest.raises(DatasetError, match="nothing was selected"):
        write_dataset(tmp_path / "empty", tmp_path / "out", render)
    (tmp_path / "s" / "kto.jsonl").write_text("rubbish\n")
    with pytest.raises(DatasetError, match=r"kto\.jsonl:1"):
        write_dataset(tmp_path / "s", tmp_path / "out", render)
    assert not (tmp_path / "out").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
