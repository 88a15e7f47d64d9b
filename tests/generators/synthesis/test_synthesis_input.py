"""What a recipe begins with: seeds of ours and anybody's rows, instructions, tasks, draws."""

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from veristone import ConfigError, DatasetError
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.synthesis.read_input import (
    Draws,
    InstructionsInput,
    Seeds,
    Tasks,
    read_input,
)
from veristone.generators.synthesis.records import Evolution, Record

CODE = "def f(x):\n    return x\n"


def written(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_seeds_of_ours(tmp_path: Path) -> None:
    seed = Seed(
        id=seed_id("rust", CODE),
        code=CODE,
        language="rust",
        imports=("use a;",),
        provenance=Provenance(source="s", licences=("MIT",)),
    )
    path = tmp_path / "seeds.jsonl"
    path.write_bytes(msgspec.json.encode(seed) + b"\n\n" + msgspec.json.encode(seed) + b"\n")
    [record] = read_input(Seeds(), path)
    assert record == Record(id=seed.id, seed=seed, language="rust")


@pytest.mark.parametrize("column", ["code", "content", "seed"])
def test_seeds_of_anybody(tmp_path: Path, column: str) -> None:
    path = written(
        tmp_path / "a.jsonl", {column: CODE, "path": "x/y.py"}, {column: "x = 1", "id": 7}
    )
    first, second = read_input(Seeds(), path)
    assert first.id == seed_id("python", CODE)
    assert first.seed is not None
    assert (first.seed.code, first.seed.provenance.path) == (CODE, "x/y.py")
    assert (second.id, second.language) == ("7", "python")


def test_the_same_seed_has_the_same_id_in_any_file(tmp_path: Path) -> None:
    rows = [{"content": f"x = {n}", "lang": "Python"} for n in range(5)]
    first = list(read_input(Seeds(), written(tmp_path / "a.jsonl", *rows)))
    second = list(read_input(Seeds(), written(tmp_path / "b.jsonl", *rows[::-1])))
    assert [record.id for record in first] == [record.id for record in second[::-1]]


def test_the_language_of_rows(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", {"code": "a", "language": "C++"}, {"code": "b"})
    assert [r.language for r in read_input(Seeds(language="js"), path)] == ["cpp", "javascript"]
    path = written(tmp_path / "b.jsonl", {"code": "a"}, {"code": "b", "language": "klingon"})
    with pytest.raises(DatasetError, match=r"b.jsonl:2: no language 'klingon'"):
        list(read_input(Seeds(), path))


def test_compressed_files_and_parquet(tmp_path: Path) -> None:
    rows = [{"content": f"x = {n}"} for n in range(600)]
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    expected = [seed_id("python", row["content"]) for row in rows]
    assert [record.id for record in read_input(Seeds(), packed)] == expected
    assert [record.id for record in read_input(Seeds(), tmp_path / "a.parquet")] == expected


def test_files_are_read_as_they_are_needed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"code": "a"}\nrubbish\n')
    records = read_input(Seeds(), path)
    assert next(records).seed is not None
    with pytest.raises(DatasetError, match=r"a\.jsonl:2"):
        next(records)


@pytest.mark.parametrize("column", ["instruction", "problem", "prompt"])
def test_instructions(tmp_path: Path, column: str) -> None:
    row = {column: "Write f.", "difficulty": "hard", "category": "class", "other": [1]}
    [record] = read_input(InstructionsInput(), written(tmp_path / "a.jsonl", row))
    assert record == Record(
        id=seed_id("instruction", "Write f."),
        instruction="Write f.",
        difficulty="hard",
        category="class",
    )


def test_records_of_a_run_are_instructions(tmp_path: Path) -> None:
    record = Record(
        id="s/1",
        language="rust",
        instruction="Write f.",
        concepts=("a",),
        history=(Evolution(method="m", instruction="Write."),),
        response="old",
        code="old",
    )
    path = tmp_path / "instructions.jsonl"
    path.write_bytes(msgspec.json.encode(record))
    [read] = read_input(InstructionsInput(), path)
    assert read == msgspec.structs.replace(record, response="", code="")


def test_tasks(tmp_path: Path) -> None:
    head = 'def g(): return 1\n\ndef f(x):\n    """Say x."""\n'
    rows = [{"task_id": "HumanEval/0", "prompt": head}, {"prompt": head, "entry_point": "g"}]
    first, second = read_input(Tasks(), written(tmp_path / "a.jsonl", *rows))
    assert (first.id, first.instruction, first.category) == ("HumanEval/0", head, "function")
    assert first.seed is not None
    assert second.seed is not None
    assert (first.seed.name, first.seed.code) == ("f", head)
    assert (second.seed.name, second.id) == ("g", seed_id("python", head))


def test_draws() -> None:
    records = list(read_input(Draws(count=3, language="go")))
    assert [record.id for record in records] == ["draw-00000000", "draw-00000001", "draw-00000002"]
    assert {record.language for record in records} == {"go"}
    with pytest.raises(ConfigError, match="starts from nothing"):
        next(read_input(Draws(count=1), Path("x")))
    with pytest.raises(ConfigError, match="give the file"):
        next(read_input(Seeds()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"code": "a"}\n{"code": ""}\n', r"a.jsonl:2: no text in 'code' or 'content' or 'seed'"),
        ('{"code": 3}\n', "a.jsonl:1: 'code' is not text"),
        ('{"text": "x"}\n', "its fields are: text"),
        ("{}\n", "its fields are: none"),
        ("[1]\n", "a.jsonl:1: a JSON object was expected"),
        ("3", "a.jsonl:1: a JSON object was expected"),
        ('\n\n{"code"\n', "a.jsonl:3: not a line of JSON"),
        (
            '{"id": "a", "code": "x"}\n{"id": "a", "code": "y"}\n',
            "a.jsonl:2: an earlier row",
        ),
        ('{"code": "a", "provenance": 3}\n', "a.jsonl:1: no seed"),
        ("[" * 100_000, "a.jsonl:1: not a line of JSON"),
    ],
)
def test_rows_that_are_wrong_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(DatasetError, match=message) as caught:
        list(read_input(Seeds(), path))
    assert "a.jsonl" in str(caught.value)


def test_other_files_that_are_wrong(tmp_path: Path) -> None:
    for name, content in (("a.jsonl.gz", b"\x1f\x8b\x08broken"), ("a.parquet", b"PAR1")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(DatasetError, match=name):
            list(read_input(Seeds(), path))
    with pytest.raises(DatasetError, match="nowhere"):
        list(read_input(Seeds(), tmp_path / "nowhere.jsonl"))
    with pytest.raises(DatasetError, match="nowhere"):
        list(read_input(Seeds(), tmp_path / "nowhere.parquet"))
    with pytest.raises(DatasetError, match="no function"):
        list(read_input(Tasks(), written(tmp_path / "t.jsonl", {"prompt": "x = 1"})))
    path = written(tmp_path / "i.jsonl", {"instruction": "x", "traces": 3})
    with pytest.raises(DatasetError, match="no record"):
        list(read_input(InstructionsInput(), path))
    assert list(read_input(Seeds(), written(tmp_path / "empty.jsonl"))) == []


def test_text_that_no_file_takes_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('\ufeff{"code": "x = \'\\ud800\'", "score": NaN}\n{"code": "é\u2028"}\n')
    first, second = read_input(Seeds(), path)
    assert first.seed is not None
    assert second.seed is not None
    msgspec.json.encode(first)
    assert "\ufffd" in first.seed.code
    assert second.seed.code == "é\u2028"
