"""Rows of files: whatever they are packed in, one after another, within bounds."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from veristone import DatasetError, files
from veristone.files import read_bytes, read_rows, read_table

LINES = b'\xef\xbb\xbf{"a": 1}\n\n{"a": "\xe2\x80\xa8", "b": NaN}'


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_file_is_known_by_its_first_bytes(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "rows"
    path.write_bytes(pack(LINES))
    first, second = read_rows(path)
    assert (first.fields, first.where) == ({"a": 1}, f"{path}:1")
    assert (second.fields["a"], second.where) == ("\u2028", f"{path}:3")
    assert read_bytes(path) == LINES
    assert next(iter(read_rows(path, b'{"c": 2}'))).fields == {"c": 2}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_what_breaks_off_is_read_to_there(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "rows"
    path.write_bytes(pack(LINES)[:-12])
    with pytest.raises(DatasetError, match="rows: cannot be read"):
        list(read_rows(path))
    with pytest.raises(DatasetError, match="rows: cannot be read"):
        read_bytes(path)


def test_lines_are_read_as_they_are_wanted_and_have_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_MAX_LINE_BYTES", 100)
    path = tmp_path / "rows"
    path.write_text('{"a": 1}\n' + json.dumps({"a": "x" * 200}) + "\n")
    rows = read_rows(path)
    assert next(rows).fields == {"a": 1}
    with pytest.raises(DatasetError, match=r"rows:2: a line of more than 100 bytes"):
        next(rows)


def test_columns_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist([{"a": n, "b": "x"} for n in range(3)]), path)
    assert [(row.fields, row.where) for row in read_table(path, ["a", "c"])][2] == (
        {"a": 2},
        f"{path}:3",
    )
