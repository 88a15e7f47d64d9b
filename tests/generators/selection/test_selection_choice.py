"""Which candidate is chosen."""

import random
from collections import Counter
from typing import Any

import pytest
from selection_records import passing

from veristone.generators.code.draws import draw
from veristone.generators.selection.choice import Choice, ranked
from veristone.generators.selection.gates import Candidate
from veristone.generators.selection.scoring import Score


def candidates(count: int, group: str = "a") -> list[Candidate]:
    return [Candidate(passing(f"{group}/{number}")) for number in range(count)]


def chosen(some: list[Candidate], **settings: object) -> list[str]:
    choice = Choice.model_validate(settings)
    return [one.record.id for one in ranked(some, choice, 0)][: choice.count]


@pytest.mark.parametrize("by", ["random", "strength", "agreement", "shortest"])
def test_the_order_of_candidates_does_not_matter(by: str) -> None:
    some = candidates(10)
    first = chosen(some, by=by, count=3)
    assert len(first) == 3
    random.Random(0).shuffle(some)
    assert chosen(some, by=by, count=3) == first
    assert chosen([], by=by) == []


def test_random_is_uniform() -> None:
    counts = Counter(chosen(candidates(4, f"g{n}"), by="random")[0][-1] for n in range(800))
    assert all(150 < counts[str(number)] < 250 for number in range(4))


def test_another_random_seed_chooses_others() -> None:
    some = [candidates(4, f"g{n}") for n in range(50)]
    pick = [[ranked(one, Choice(), seed)[0].record.id for one in some] for seed in (0, 1)]
    assert pick[0] != pick[1]


def scored(number: int, **fields: Any) -> Candidate:
    record = passing(f"a/{number}")
    return Candidate(record, 1, Score(id=record.id, **fields))


def test_by_score() -> None:
    some = [
        scored(0, mutants=4, killed=4, agreeing=1, shared=9),
        scored(1, mutants=4, killed=3, agreeing=3, shared=8),
        scored(2, mutants=4, killed=2, agreeing=3, shared=8),
        Candidate(passing("a/3"), 1, None),
    ]
    assert chosen(some, by="strength") == ["a/0"]
    assert chosen(some, by="agreement") == ["a/1"], "the stronger of those that agree"


def test_shortest() -> None:
    some = [Candidate(passing(f"a/{n}", response="x" * (10 - n))) for n in range(5)]
    assert chosen(some, by="shortest", count=2) == ["a/4", "a/3"]


def test_draws_are_uniform_and_told_apart() -> None:
    numbers = [draw(0, "x", str(n)) for n in range(2000)]
    assert all(0 <= number < 1 for number in numbers)
    assert 0.47 < sum(numbers) / 2000 < 0.53
    assert draw(0, "a", "b") != draw(0, "ab")
    assert draw(0, "\ud800") == draw(0, "\ud800")
