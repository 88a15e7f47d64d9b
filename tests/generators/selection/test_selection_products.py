"""Preference pairs, labelled rows and repairs."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selection_records import failing, passing, undecided

from veristone import Decision, Reason, Verdict
from veristone.generators.selection.formatting import Formatting
from veristone.generators.selection.products import (
    Answers,
    Products,
    clean_error,
    collect_answers,
    preferences,
    repairs,
    unpaired,
)
from veristone.generators.synthesis.records import Record

ALL = Products(preferences=10, kto=10, repairs=10)


def answers(passes: list[Record], failures: list[Record]) -> Answers:
    return collect_answers("a", "Double it.", passes, failures, Formatting(), 0)


def coded(number: int, length: int = 10) -> dict[str, Any]:
    return {"code": f"def double(x):\n    return {number}{'+0' * length}\n"}


def test_failures_that_say_nothing_of_the_program_are_never_used() -> None:
    reasons = [reason for reason in Reason if reason is not Reason.PASSED]
    failures = [failing(f"a/{n}", reason, **coded(n)) for n, reason in enumerate(reasons)]
    found = answers([passing("a/p")], failures)
    used = {one.record.verdict.reason for one in found.failures if one.record.verdict}
    assert used == {Reason.WRONG_ANSWER, Reason.ASSERTION_FAILED, Reason.RUNTIME_ERROR}
    assert not answers([], [undecided("a/0")]).failures


def test_an_answer_that_also_passed_is_no_failure() -> None:
    good = passing("a/0")
    bad = failing("a/1", code=good.code)
    found = answers([good], [bad])
    assert not found.failures


def test_a_doubtful_failure_is_not_used() -> None:
    bad = failing("a/1")
    found = collect_answers("a", "Double it.", [passing("a/0")], [bad], Formatting(), 0, {"a/1"})
    assert not found.failures


def test_pairs_are_alike_but_for_being_right() -> None:
    passes = [passing("a/0", **coded(1, 10)), passing("a/1", **coded(2, 60))]
    failures = [failing("a/2", **coded(3, 62)), failing("a/3", **coded(4, 9))]
    pairs = preferences(answers(passes, failures), ALL)
    assert [pair.id for pair in pairs[:2]] == ["a/1>2", "a/0>3"] or {pair.id for pair in pairs} == {
        "a/1>2",
        "a/0>3",
    }
    for pair in pairs:
        lengths = sorted((len(pair.chosen), len(pair.rejected)))
        assert lengths[1] <= ALL.max_length_ratio * lengths[0]
        assert pair.chosen != pair.rejected
        assert pair.prompt == "Double it."


def test_each_failure_stands_in_one_pair() -> None:
    passes = [passing(f"a/{n}", **coded(n)) for n in range(2)]
    failures = [failing(f"a/{n}", **coded(n)) for n in range(10, 17)]
    pairs = preferences(answers(passes, failures), ALL)
    rejected = Counter(pair.rejected for pair in pairs)
    chosen = Counter(pair.chosen for pair in pairs)
    assert len(pairs) == 7
    assert set(rejected.values()) == {1}
    assert sorted(chosen.values()) == [3, 4]
    assert len({pair.id for pair in pairs}) == len(pairs)
    assert len(preferences(answers(passes, failures), Products(preferences=2))) == 2


def test_answers_of_other_sections_make_no_pair() -> None:
    good = passing("a/0", response="[Reasoning]\nx\n[Implementation]\ny")
    bad = failing("a/1", response="[Implementation]\nz and some more")
    assert preferences(answers([good], [bad]), ALL) == []


def test_labelled_rows_are_balanced() -> None:
    passes = [passing(f"a/{n}", **coded(n)) for n in range(5)]
    failures = [failing(f"a/{n}", **coded(n)) for n in range(10, 13)]
    rows = unpaired(answers(passes, failures), Products(kto=2))
    assert Counter(row.label for row in rows) == {True: 2, False: 2}
    assert all((row.reason == "passed") == row.label for row in rows)


def test_a_repair_asks_with_the_error_and_answers_with_the_nearest_pass() -> None:
    near = passing("a/0", code="def double(x):\n    y = x\n    return y * 2\n")
    far = passing("a/1", code="double = lambda number: number + number\n")
    bad = failing("a/2", code="def double(x):\n    y = x\n    return y * 3\n")
    (row,) = repairs(answers([far, near], [bad]), ALL)
    assert row.completion == near.response
    assert "return y * 3" in row.prompt
    assert "assert double(2) == 4" in row.prompt
    assert "line 1" not in row.prompt
    assert repairs(answers([], [bad]), ALL) == []


def verdict(message: str) -> Verdict:
    return Verdict(id="x", decision=Decision.FAIL, reason=Reason.RUNTIME_ERROR, message=message)


@pytest.mark.parametrize(
    ("message", "cleaned"),
    [
        ("line 3: NameError: name 'x'", "NameError: name 'x'"),
        ("line 2 of the tests: OSError: no", "OSError: no"),
        ("<f at 0x7f12ab34cd56> failed", "<f at 0x...> failed"),
        ("No such file: '/tmp/work/data/a.txt'", "No such file: 'a.txt'"),
        ("\x1b[31mred\x1b[0m\x07", "red"),
        ("1 / 2 / 3", "1 / 2 / 3"),
        ("", ""),
    ],
)
def test_errors_are_cleaned(message: str, cleaned: str) -> None:
    assert clean_error(verdict(message)) == cleaned


@given(st.text(max_size=2000))
def test_errors_are_short(message: str) -> None:
    assert len(clean_error(verdict(message), 100)) <= 100


def test_the_fence_is_longer_than_any_in_the_error() -> None:
    bad = failing("a/1", message="ValueError: ```")
    (row,) = repairs(answers([passing("a/0")], [bad]), ALL)
    assert "\n````\nValueError: ```\n````\n" in row.prompt
