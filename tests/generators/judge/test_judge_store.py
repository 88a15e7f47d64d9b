"""Judgements on disk, and what can happen to a file."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone import ConfigError
from veristone.generators.judge.records import Judgement
from veristone.generators.judge.store import JudgementFile, judgement_path


def filled(path: Path) -> Path:
    file = JudgementFile(path)
    for n in range(3):
        file.add(f"p{n}", Judgement(seed=f"s{n}", p_yes=n / 10, mass=1.0))
    file.close()
    return path


def test_what_was_added_is_there(tmp_path: Path) -> None:
    file = JudgementFile(filled(tmp_path / "deep" / "j.jsonl"))
    assert file.get("p2") == Judgement(seed="s2", p_yes=0.2, mass=1.0)
    assert file.get("p3") is None


def test_the_first_answer_stays(tmp_path: Path) -> None:
    file = JudgementFile(filled(tmp_path / "j.jsonl"))
    size = (tmp_path / "j.jsonl").stat().st_size
    assert file.add("p1", Judgement(seed="s1", p_yes=0.9)).p_yes == 0.1
    assert (tmp_path / "j.jsonl").stat().st_size == size


def test_killed_in_the_middle_of_any_line_the_others_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    whole = filled(path).read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        file = JudgementFile(path)
        lines = whole[:end].count(b"\n")
        assert [file.get(f"p{n}") is not None for n in range(3)] == [n < lines for n in range(3)]
        file.add("p2", Judgement(seed="s2", p_yes=0.2, mass=1.0))
        file.close()
        assert JudgementFile(path).get("p2") is not None


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = filled(tmp_path / "j.jsonl")
    path.write_bytes(path.read_bytes() + b'{"prompt": 3}\n')
    with pytest.raises(ConfigError, match=r"line 4, is no judgement"):
        JudgementFile(path)


def test_later_fields_are_tolerated(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_text('{"prompt":"p","judgement":{"seed":"s","p_yes":1.0,"new":[1]},"more":1}\n')
    found = JudgementFile(path).get("p")
    assert found is not None
    assert found.p_yes == 1.0


def test_a_line_that_does_not_fit_on_the_disk_leaves_no_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled(tmp_path / "j.jsonl")
    whole = path.read_bytes()
    file = JudgementFile(path)
    file.add("p3", Judgement(seed="s3"))
    real = file._file
    assert real is not None

    class Full:
        def write(self, data: bytes) -> int:
            return real.write(data[:5])

        def truncate(self, size: int) -> int:
            return real.truncate(size)

    monkeypatch.setattr(file, "_file", Full())
    with pytest.raises(OSError, match="disk full"):
        file.add("p4", Judgement(seed="s4"))
    real.close()
    assert path.read_bytes().startswith(whole)
    assert JudgementFile(path).get("p3") is not None
    assert JudgementFile(path).get("p4") is None


@given(st.text(), st.text())
def test_models_have_files_of_their_own(one: str, other: str) -> None:
    folder = Path("x")
    for name in (one, other):
        path = judgement_path(folder, name)
        assert path.parent == folder
        assert len(path.name) < 100
        assert os.fsencode(path).isascii()
        assert not path.name.startswith(".")
    assert (judgement_path(folder, one) == judgement_path(folder, other)) == (one == other)


def test_a_models_file_says_whose_it_is() -> None:
    name = judgement_path(Path("x"), "bigcode/starcoder2-15b").name
    assert name.startswith("starcoder2-15b-")
