"""Reading responses, instruction by instruction."""

import contextlib
import gzip
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selection_records import make, passing, write_responses

from veristone import DatasetError
from veristone.generators.selection.groups import group_key, read_groups


def keys(path: Path) -> list[tuple[str, int]]:
    return [(group.key, len(group.records)) for group in read_groups(path)]


def test_responses_of_one_instruction_stand_together(tmp_path: Path) -> None:
    ids = ["a/0", "a/1", "a/10", "a/2", "b/0"]
    path = write_responses(tmp_path / "r.jsonl", [passing(one) for one in ids])
    assert keys(path) == [("a", 4), ("b", 1)]


def test_ids_that_begin_alike_are_no_disorder(tmp_path: Path) -> None:
    """`-` sorts before `/`: `a-b/0` stands before `a/0` in a file sorted by id."""
    ids = sorted(["a-b/0", "a/0", "a/1", "a0/0", "a/1/2"])
    path = write_responses(tmp_path / "r.jsonl", [passing(one) for one in ids])
    found = [key for key, _ in keys(path)]
    assert sorted(found) == sorted(set(found))


@given(st.lists(st.text("ab-0/", min_size=1, max_size=6), unique=True, max_size=30))
def test_a_sorted_file_gives_every_record_once(ids: Sequence[str]) -> None:
    wanted = sorted(ids)
    with tempfile.TemporaryDirectory() as folder:
        path = write_responses(Path(folder) / "r.jsonl", [make(one) for one in wanted])
        if wanted != sorted(wanted, key=lambda one: f"{group_key(one)}/"):
            # Ids of different depths can interleave; then the file is refused, not misread.
            with contextlib.suppress(DatasetError):
                list(read_groups(path))
            return
        groups = list(read_groups(path))
    assert [one.id for group in groups for one in group.records] == wanted
    assert all(group_key(one.id) == group.key for group in groups for one in group.records)
    assert len({group.key for group in groups}) == len(groups)


def test_an_unsorted_file_is_refused_with_its_line(tmp_path: Path) -> None:
    path = write_responses(tmp_path / "r.jsonl", [passing(one) for one in ("b/0", "a/0", "b/1")])
    with pytest.raises(DatasetError, match=r"r\.jsonl:2: a/0 stands after b/0"):
        list(read_groups(path))


def test_an_id_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = write_responses(tmp_path / "r.jsonl", [passing("a/0"), passing("a/0")])
    with pytest.raises(DatasetError, match="a/0 comes twice"):
        list(read_groups(path))


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"id": 3}', b"\xff\xfe", b'{"id": ""}'])
def test_a_line_that_is_no_response_is_refused(tmp_path: Path, line: bytes) -> None:
    path = write_responses(tmp_path / "r.jsonl", [passing("a/0")])
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(DatasetError, match=":2: "):
        list(read_groups(path))


def test_seeds_are_no_responses(tmp_path: Path) -> None:
    path = tmp_path / "seeds.jsonl"
    path.write_text('{"id": "s0", "code": "x = 0"}\n')
    with pytest.raises(DatasetError, match=r"give the responses\.jsonl"):
        list(read_groups(path))


def test_empty_lines_and_files_and_gzip(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"\n\n")
    assert keys(empty) == []
    plain = write_responses(tmp_path / "r.jsonl", [passing("a/0")])
    packed = tmp_path / "r.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert keys(packed) == keys(plain)
    packed.write_bytes(gzip.compress(plain.read_bytes())[:-9])
    with pytest.raises(DatasetError):
        keys(packed)
    with pytest.raises(DatasetError):
        keys(tmp_path / "missing.jsonl")
