"""What synthesis starts from: drawn seeds, records of a selection, documented functions."""

import json
from pathlib import Path
from typing import Any

import pytest

from veristone import ConfigError
from veristone.files import read_rows
from veristone.loop.inputs import prepared, write_pairs


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def ids(path: Path) -> list[str]:
    return [row.fields["id"] for row in read_rows(path)]


def seed(name: str, docstring: str = "", language: str = "python") -> dict[str, Any]:
    return {
        "id": name,
        "code": f"code of {name}",
        "language": language,
        "docstring": docstring,
        "provenance": {"source": "s"},
    }


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    given = write(tmp_path / "seeds.jsonl", [seed("a")])
    assert prepared(given, tmp_path / "step", 0) == given


def test_a_draw_is_the_same_each_time_in_the_files_order_and_from_all_over(tmp_path: Path) -> None:
    given = write(tmp_path / "seeds.jsonl", [seed(f"{n:03}") for n in range(100)])
    drawn = ids(prepared(given, tmp_path / "one", 10))
    assert drawn == sorted(drawn)
    assert len(drawn) == 10
    assert drawn[-1] > "050"
    assert ids(prepared(given, tmp_path / "two", 10)) == drawn
    assert set(drawn) < set(ids(prepared(given, tmp_path / "more", 20)))
    assert len(ids(prepared(given, tmp_path / "all", 500))) == 100


def test_selected_rows_are_read_as_the_records_that_they_were_made_from(tmp_path: Path) -> None:
    """A selection's rows say no language; their records do."""
    record = {"id": "a/0", "language": "rust", "instruction": "Do it.", "traces": []}
    given = write(
        tmp_path / "selected.jsonl",
        [{"id": "a/0", "group": "a", "instruction": "Do it.\nassert", "record": record}],
    )
    (row,) = read_rows(prepared(given, tmp_path / "step", 0))
    assert row.fields == record


def test_documented_functions_are_pairs(tmp_path: Path) -> None:
    rows = [seed("b", "Return b.", "cpp"), seed("c"), seed("a", "Return a.")]
    given = write(tmp_path / "seeds.jsonl", rows)
    out = tmp_path / "responses.jsonl"
    assert write_pairs(given, out) == 2
    first, second = (row.fields for row in read_rows(out))
    assert (first["id"], first["instruction"]) == ("a/0", "Return a.")
    assert second["response"] == "```cpp\ncode of b\n```"
    with pytest.raises(ConfigError, match="no function in it has documentation"):
        write_pairs(write(tmp_path / "none.jsonl", [seed("c")]), out)
