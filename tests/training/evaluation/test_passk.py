"""pass@k against counting every draw, and its interval."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.training.evaluation.passk import TaskCount, interval, pass_at_k, score


@given(st.data())
def test_estimator_equals_counting_all_draws(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 9))
    c = data.draw(st.integers(0, n))
    k = data.draw(st.integers(1, n))
    draws = list(combinations(range(n), k))
    hits = sum(any(sample < c for sample in draw) for draw in draws)
    assert pass_at_k(n, c, k) == pytest.approx(hits / len(draws))


@pytest.mark.parametrize(
    ("n", "c", "k", "expected"),
    [(1, 0, 1, 0.0), (1, 1, 1, 1.0), (10, 3, 1, 0.3), (10, 10, 10, 1.0), (200, 1, 100, 0.5)],
)
def test_known_values(n: int, c: int, k: int, expected: float) -> None:
    assert pass_at_k(n, c, k) == pytest.approx(expected)


@pytest.mark.parametrize(("n", "c", "k"), [(1, 0, 2), (3, 4, 1), (3, -1, 1), (3, 1, 0), (0, 0, 1)])
def test_impossible_counts_are_refused(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="pass@k needs"):
        pass_at_k(n, c, k)


def test_score_is_the_mean_over_tasks_not_over_samples() -> None:
    found = score([TaskCount(10, 10), TaskCount(1, 0)], 1)
    assert found is not None
    assert found.mean == 0.5
    assert found.tasks == 2


def test_no_score_where_one_task_has_too_few_samples() -> None:
    assert score([TaskCount(10, 5), TaskCount(9, 5)], 10) is None
    assert score([], 1) is None


def test_interval_holds_the_mean_and_is_the_same_twice() -> None:
    values = [1.0] * 119 + [0.0] * 45
    low, high = interval(values)
    assert (low, high) == interval(values)
    # The normal approximation gives 0.726 +- 1.96 * 0.0348.
    assert low == pytest.approx(0.657, abs=0.015)
    assert high == pytest.approx(0.794, abs=0.015)
    assert interval([1.0, 1.0]) == (1.0, 1.0)
