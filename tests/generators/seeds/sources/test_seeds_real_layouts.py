"""Miniature corpora in the published layouts: columns, nested licences, what is absent."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mini_corpora import PYTHON, stack_v1, stack_v2, starcoderdata

from veristone import ConfigError
from veristone.generators.seeds.sources.parquet import ParquetSource

FILES = [(f"src/{name}.py", code) for name, code in PYTHON]


def read(tmp_path: Path, table: pa.Table, **settings: Any) -> list[Any]:
    path = tmp_path / "part-0.parquet"
    pq.write_table(table, path)
    source = ParquetSource.model_validate({"path": str(path), **settings})
    return [item for part in source.parts() for item in source.read(part)]


def reasons(found: list[Any]) -> list[str]:
    return [getattr(item, "reason", "read") for item in found]


def test_the_stack_v1_has_its_licences_in_a_list(tmp_path: Path) -> None:
    found = read(tmp_path, stack_v1(FILES, "Python", "py"))
    assert reasons(found) == ["read"] * len(FILES)
    assert found[1].provenance.licences == ("MIT", "Apache-2.0")
    assert [item.content for item in found] == [code for _, code in FILES]


def test_starcoderdata_is_taken_at_its_word_and_without_its_header(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column has licences"):
        read(tmp_path, starcoderdata(FILES))
    found = read(tmp_path, starcoderdata(FILES), licences="any")
    assert [item.content for item in found] == [code for _, code in FILES]
    assert {item.language for item in found} == {"python"}


def test_the_stack_v2_with_contents(tmp_path: Path) -> None:
    found = read(tmp_path, stack_v2(FILES, "Python", contents=True))
    assert reasons(found) == ["read", "licence_unknown"] * (len(FILES) // 2)
    assert found[0].provenance.commit


def test_the_stack_v2_without_contents_says_where_they_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="blob_id and does not have their contents"):
        read(tmp_path, stack_v2(FILES, "Python", contents=False))


def test_a_row_may_be_a_repository(tmp_path: Path) -> None:
    """The Stack v2's files for training stand in a list, one row for each repository."""
    files = stack_v2(FILES, "Python", contents=True).to_pylist()
    rows = [{"repo_name": "someone/lib", "files": files}, {"repo_name": "a/b", "files": []}]
    found = read(tmp_path, pa.Table.from_pylist(rows))
    assert reasons(found) == ["read", "licence_unknown"] * (len(FILES) // 2)
    assert found[2].content == FILES[2][1]


def test_a_repository_whose_files_have_no_contents(tmp_path: Path) -> None:
    files = stack_v2(FILES[:2], "Python", contents=False).to_pylist()
    found = read(
        tmp_path, pa.Table.from_pylist([{"repo_name": "a/b", "files": files}]), licences="any"
    )
    assert reasons(found) == ["missing"] * 2
