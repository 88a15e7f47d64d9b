from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from veristone import ConfigError
from veristone.generators.seeds.records import Document
from veristone.generators.seeds.sources.parquet import ParquetSource


def stack(count, start=0, **changes):
    columns = {
        "content": [f"x = {start + index}\n" for index in range(count)],
        "lang": ["Python"] * count,
        "max_stars_repo_name": ["a/b"] * count,
        "max_stars_repo_path": [f"src/{start + index}.py" for index in range(count)],
        "max_stars_repo_head_hexsha": ["c0ffee"] * count,
        "max_stars_repo_licenses": [["MIT", "Apache-2.0"]] * count,
        "size": list(range(count)),
    }
    return pa.table({k: v for k, v in (columns | changes).items() if v is not None})


def write(path, table, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **options)


def rows_of(path: Path | str, **changes: Any) -> ParquetSource:
    return ParquetSource.model_validate({"path": str(path), "licences": "any"} | changes)


def reasons(items: Iterable[Any]) -> list[str]:
    return [getattr(item, "reason", "read") for item in items]


def read(path: Path | str, **changes: Any) -> list[Any]:
    source = rows_of(path, **changes)
    return [item for part in source.parts() for item in source.read(part)]


def test_the_stack(tmp_path):
    write(tmp_path / "data" / "python" / "train-1.parquet", stack(3, 10), row_group_size=2)
    write(tmp_path / "data" / "python" / "train-0.parquet", stack(2))
    found = read(tmp_path, licences="permissive")
    assert [item.content for item in found] == [f"x = {n}\n" for n in (0, 1, 10, 11, 12)]
    where = found[-1].provenance
    assert (where.repository, where.path, where.commit) == ("a/b", "src/12.py", "c0ffee")
    assert where.licences == ("MIT", "Apache-2.0")


def test_starcoderdata_has_headers_and_no_licences(tmp_path):
    texts = ["<reponame>a/b<filename>c.py<gh_stars>10-100\nx = 1\n", "<gh_stars>0\ny = 1\n", "z\n"]
    table = stack(3, content=texts, lang=None, max_stars_repo_licenses=None)
    write(tmp_path / "python" / "train.parquet", table)
    with pytest.raises(ConfigError, match="no column has licences"):
        read(tmp_path, licences="permissive")
    found = read(tmp_path, licences={"unknown": "allow"})
    assert [item.content for item in found] == ["x = 1\n", "y = 1\n", "z\n"]
    assert {item.language for item in found} == {"python"}


def test_the_stack_v2(tmp_path):
    table = pa.table(
        {
            "content": ["a", "b"],
            "repo_name": ["r/r"] * 2,
            "path": ["/a.go", "/b.go"],
            "language": ["Go"] * 2,
            "detected_licenses": [["MIT"], []],
            "revision_id": ["beef"] * 2,
        }
    )
    write(tmp_path / "a.parquet", table)
    first, second = read(tmp_path, licences="permissive")
    assert (first.language, first.provenance.commit) == ("go", "beef")
    assert second.reason == "licence_unknown"


@pytest.mark.parametrize("kind", ["large_string", "binary", "dictionary"])
def test_content_in_other_types(tmp_path, kind):
    table = stack(3)
    column = table.column("content")
    column = column.dictionary_encode() if kind == "dictionary" else column.cast(kind)
    write(tmp_path / "a.parquet", table.set_column(0, "content", column))
    assert [item.content for item in read(tmp_path)] == ["x = 0\n", "x = 1\n", "x = 2\n"]


def test_rows_without_what_they_should_have(tmp_path):
    table = stack(4, content=["x", None, "", "y"], lang=["Python", "Python", "Python", None])
    write(tmp_path / "a.parquet", table)
    found = read(tmp_path)
    assert [getattr(item, "reason", "read") for item in found] == [
        "read",
        "missing",
        "empty",
        "read",
    ]


def test_parts_are_runs_of_row_groups(tmp_path):
    # Incompressible enough that a group is what it says.
    texts = [f"{index}" + "x" * 300_000 for index in range(10)]
    write(tmp_path / "a.parquet", stack(10, content=texts), row_group_size=2, use_dictionary=False)
    source = rows_of(tmp_path, part_mib=1)
    parts = list(source.parts())
    assert [(part.first, part.last) for part in parts] == [(n, n + 1) for n in range(5)]
    third = [item.provenance.path for item in source.read(parts[2])]
    assert third == ["src/4.py", "src/5.py"]


@pytest.mark.parametrize("limit", [1, 3, 4, 5, 7, 100])
def test_a_limit_may_end_within_a_group(tmp_path, limit):
    write(tmp_path / "a.parquet", stack(4), row_group_size=3)
    write(tmp_path / "b.parquet", stack(3, 4), row_group_size=2)
    expected = [f"x = {n}\n" for n in range(7)][:limit]
    assert [item.content for item in read(tmp_path, limit=limit)] == expected


def test_only_the_columns_asked_for_are_read(tmp_path, monkeypatch):
    write(tmp_path / "a.parquet", stack(2))
    asked = []
    iter_batches = pq.ParquetFile.iter_batches

    def watching(self, rows, groups, columns, **options):
        asked.extend(columns)
        return iter_batches(self, rows, groups, columns, **options)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", watching)
    read(tmp_path)
    assert "content" in asked
    assert "size" not in asked


def test_columns_that_the_recipe_names(tmp_path):
    write(tmp_path / "a.parquet", pa.table({"body": ["x"], "content": ["no"]}))
    (item,) = read(tmp_path, columns={"content": "body"}, language="go")
    assert isinstance(item, Document)
    assert item.content == "x"


@pytest.mark.parametrize(
    ("table", "settings", "message"),
    [
        (pa.table({"prompt": ["x"]}), {}, "no column with the content"),
        (pa.table({"content": ["x"]}), {"columns": {"language": "l"}}, "no column 'l'"),
    ],
)
def test_missing_columns_are_said_at_once(tmp_path, table, settings, message):
    write(tmp_path / "a.parquet", table)
    with pytest.raises(ConfigError, match=message):
        list(rows_of(tmp_path, **settings).parts())


def test_what_is_no_parquet_is_said_at_once(tmp_path):
    with pytest.raises(ConfigError, match="no \\.parquet files"):
        list(ParquetSource(path=str(tmp_path)).parts())
    (tmp_path / "a.parquet").write_bytes(b"words, not tables")
    with pytest.raises(ConfigError, match="is no parquet file"):
        list(ParquetSource(path=str(tmp_path)).parts())


def test_what_is_damaged_later_ends_its_row_group_alone(tmp_path):
    path = tmp_path / "a.parquet"
    write(path, stack(1000), compression="gzip", row_group_size=500, use_dictionary=False)
    source = rows_of(path)
    (part,) = source.parts()
    data = bytearray(path.read_bytes())
    data[200:700] = bytes(500)
    path.write_bytes(data)
    found = list(source.read(part))
    assert reasons(found[-501:]) == ["damaged"] + ["read"] * 500
    path.write_bytes(data[:100])
    assert reasons(source.read(part)) == ["damaged"]
    path.unlink()
    assert reasons(source.read(part)) == ["missing"]
