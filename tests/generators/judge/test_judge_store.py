"""Judgements on disk, and what can happen to a file."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from veristone import ConfigError
from veristone.generators.judge.records import Judgement
from veristone.generators.judge.store import FILE, JudgementStore


def filled(folder: Path) -> Path:
    store = JudgementStore(folder, "m")
    for n in range(3):
        store.add(f"p{n}", Judgement(seed=f"s{n}", p_yes=n / 10, mass=1.0))
    store.close()
    return folder


def test_what_was_added_is_there_for_its_model(tmp_path: Path) -> None:
    store = JudgementStore(filled(tmp_path / "deep" / "j"), "m")
    assert store.get("p2") == Judgement(seed="s2", p_yes=0.2, mass=1.0)
    assert store.get("p3") is None
    assert JudgementStore(tmp_path / "deep" / "j", "other").get("p2") is None


def test_the_first_answer_stays(tmp_path: Path) -> None:
    store = JudgementStore(filled(tmp_path), "m")
    store.add("p1", Judgement(seed="s1", p_yes=0.9))
    assert store.get("p1") == Judgement(seed="s1", p_yes=0.1, mass=1.0)


def test_an_answer_is_there_for_others_before_the_file_is_closed(tmp_path: Path) -> None:
    store = JudgementStore(tmp_path, "m")
    store.add("p", Judgement(seed="s", p_yes=1.0))
    assert JudgementStore(tmp_path, "m").get("p") == Judgement(seed="s", p_yes=1.0)


def test_later_fields_are_tolerated(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(filled(tmp_path) / FILE)) as base, base:
        base.execute("""UPDATE judgements SET judgement = '{"seed":"s","p_yes":1.0,"new":[1]}'""")
    found = JudgementStore(tmp_path, "m").get("p0")
    assert found is not None
    assert found.p_yes == 1.0


def test_what_is_no_table_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("notes of mine " * 99)
    with pytest.raises(ConfigError, match="no table of judgements"):
        JudgementStore(tmp_path, "m")
