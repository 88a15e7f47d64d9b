"""Reading: every usual form, and no form that is not there."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from finetune_models import write_jsonl

from veristone import DatasetError
from veristone.training.finetune.rows import find_files, read_samples
from veristone.training.finetune.template import Turn

USER = (Turn("user", "Add."),)
FORMS: list[tuple[dict[str, Any], bool]] = [
    ({"instruction": "Add.", "response": "+", "seed": "x", "concepts": ["a"]}, False),
    ({"prompt": "Add.", "completion": "+", "id": 3}, True),
    (
        {
            "prompt": [{"role": "user", "content": "Add."}],
            "completion": [{"role": "assistant", "content": "+"}],
        },
        False,
    ),
    (
        {
            "messages": [
                {"role": "user", "content": "Add."},
                {"role": "assistant", "content": "+"},
            ]
        },
        False,
    ),
]


@pytest.mark.parametrize(("row", "literal"), FORMS)
@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz", "rows.parquet"])
def test_every_form_in_every_kind_of_file(
    tmp_path: Path, name: str, row: dict[str, Any], literal: bool
) -> None:
    path = tmp_path / name
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist([row]), path)
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress(json.dumps(row).encode()))
    else:
        write_jsonl(path, [row])
    (sample,) = read_samples(path)
    assert (sample.turns, sample.completion, sample.literal) == (USER, "+", literal)


def test_a_column_of_another_row_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows = [
        {"instruction": "Add.", "response": "+", "prompt": None, "completion": None},
        {"instruction": None, "response": None, "prompt": "P", "completion": "C"},
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
    assert [sample.completion for sample in read_samples(path)] == ["+", "C"]


def test_a_conversation_keeps_all_turns(tmp_path: Path) -> None:
    roles = ["system", "user", "assistant", "user", "assistant"]
    messages = [{"role": role, "content": role[0]} for role in roles]
    path = write_jsonl(tmp_path / "rows.jsonl", [{"messages": messages}])
    (sample,) = read_samples(path)
    assert "".join(turn.content for turn in sample.turns) == "suau"
    assert sample.completion == "a"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "Expecting"),
        ("[]", "a JSON object was expected"),
        ("{}", "has neither"),
        ('{"prompt": "x"}', "has neither"),
        ('{"prompt": null, "completion": "x"}', "has neither"),
        ('{"prompt": "x", "completion": 3}', r"Expected `str.*completion"),
        ('{"prompt": "x", "completion": "\\ud800"}', "surrogate"),
        ('{"messages": []}', "last message"),
        ('{"messages": "x"}', "Expected `array`"),
        ('{"messages": [3]}', "Expected `object`"),
        ('{"messages": [{"role": "tool", "content": "x"}]}', "tool"),
        ('{"messages": [{"role": "user", "content": "x"}]}', "last message"),
        ('{"messages": [{"role": "assistant", "content": null}]}', r"Expected `str`.*content"),
        ("[" * 100_000, r"rows\.jsonl:2"),
    ],
)
def test_what_is_malformed_is_named_by_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"prompt": "a", "completion": "b"}}\n{line}\n')
    with pytest.raises(DatasetError, match=said) as caught:
        list(read_samples(path))
    assert "rows.jsonl:2: " in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", b"\xff\xfe"),
        ("a.jsonl.gz", b"no gzip"),
        ("b.jsonl.gz", gzip.compress(b'{"prompt": "a", "completion": "b"}', mtime=0)[:-9]),
        ("a.parquet", b"PAR1 or not"),
        ("b.parquet", b""),
    ],
)
def test_broken_files_are_named(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=name):
        list(read_samples(path))


def test_a_folder_gives_its_training_files_in_order(tmp_path: Path) -> None:
    for name in ("data/train-1.parquet", "data/train-0.parquet", "data/test-0.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache/train-0.parquet").touch()
    (tmp_path / "README.md").touch()
    found = find_files([tmp_path])
    assert [path.name for path in found] == ["train-0.parquet", "train-1.parquet"]


def test_a_folder_without_splits_gives_everything(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl.gz", "training.jsonl"):
        (tmp_path / name).touch()
    assert len(find_files([tmp_path])) == 3


def test_paths_that_hold_no_data_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.csv").touch()
    (tmp_path / "x.jsonl").touch()
    for paths, said in [
        ([], "--data"),
        ([tmp_path / "empty"], "no .parquet"),
        ([tmp_path / "x.csv"], "not one of"),
        ([tmp_path / "gone"], "no such file"),
        ([tmp_path / "x.jsonl", tmp_path / "x.jsonl"], "named twice"),
    ]:
        with pytest.raises(DatasetError, match=said):
            find_files(paths)
