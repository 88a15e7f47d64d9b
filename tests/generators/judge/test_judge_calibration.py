"""Figures against values that were worked out by hand."""

import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.judge import calibration
from veristone.generators.judge.calibration import Item, calibrate

#: p, label: two pairs of five yes and three no are in the wrong order, one is a tie.
BY_HAND = [
    Item(0.9, True),
    Item(0.8, True),
    Item(0.7, False),
    Item(0.6, True),
    Item(0.4, True),
    Item(0.4, False),
    Item(0.3, True),
    Item(0.1, False),
]

items = st.lists(
    st.builds(
        Item, st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]) | st.floats(0, 1), st.booleans()
    )
)


def arrays(some: list[Item]) -> tuple[calibration.Floats, calibration.Bools]:
    return np.array([one.p_yes for one in some]), np.array([one.enough for one in some], np.bool_)


def auc(some: list[Item]) -> float | None:
    return calibration.auc(*arrays(some))


def threshold_for(some: list[Item], precision: float) -> float | None:
    return calibration.threshold_for(*arrays(some), precision)


def test_auc_by_hand() -> None:
    # Of 15 pairs: 0.9 and 0.8 win 3 each, 0.6 wins 2, 0.4 wins 1 and ties 1, 0.3 wins 1.
    assert auc(BY_HAND) == (3 + 3 + 2 + 1.5 + 1) / 15


def test_brier_by_hand() -> None:
    assert calibrate(BY_HAND).brier.value == pytest.approx(
        (0.01 + 0.04 + 0.49 + 0.16 + 0.36 + 0.16 + 0.49 + 0.01) / 8
    )
    assert calibrate([Item(0.5, True), Item(0.5, False)]).brier.value == 0.25


def test_thresholds_by_hand() -> None:
    at = {one.threshold: one for one in calibrate(BY_HAND).thresholds}[0.5]
    assert at.kept == 4
    assert at.accuracy.value == 5 / 8
    assert at.precision.value == 3 / 4
    assert at.recall.value == 3 / 5


def test_exactly_the_threshold_is_kept_as_in_the_step() -> None:
    at = {one.threshold: one for one in calibrate([Item(0.5, True), Item(0.4, False)]).thresholds}
    assert at[0.5].kept == 1


@pytest.mark.parametrize(
    ("precision", "expected"),
    # From the top: 1/1, 2/2, 2/3, 3/4, then both at 0.4 together 4/6, 5/7, 5/8.
    [(1.0, 0.8), (0.75, 0.6), (0.7, 0.3), (0.6, 0.1), (0.0, 0.1)],
)
def test_threshold_for_a_precision_by_hand(precision: float, expected: float) -> None:
    assert threshold_for(BY_HAND, precision) == expected


def test_no_threshold_reaches_it() -> None:
    assert threshold_for([Item(0.9, False), Item(0.8, True)], 0.9) is None
    assert calibrate([Item(0.9, False), Item(0.8, True)]).chosen is None


@given(items)
def test_auc_is_the_share_of_pairs_in_order(some: list[Item]) -> None:
    yes = [item.p_yes for item in some if item.enough]
    no = [item.p_yes for item in some if not item.enough]
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a, b in product(yes, no)]
    found = auc(some)
    if not pairs:
        assert found is None
    else:
        assert found == pytest.approx(sum(pairs) / len(pairs))


@given(items, st.sampled_from([0.5, 0.9, 1.0]))
def test_a_chosen_threshold_has_its_precision_and_no_lower_one_has(
    some: list[Item], wanted: float
) -> None:
    def precision(threshold: float) -> float:
        kept = [item.enough for item in some if item.p_yes >= threshold]
        return sum(kept) / len(kept)

    good = [item.p_yes for item in some if precision(item.p_yes) >= wanted]
    assert threshold_for(some, wanted) == min(good, default=None)


def labelled(judge: str, count: int = 200) -> list[Item]:
    draw = random.Random(1)
    labels = [draw.random() < 0.5 for _ in range(count)]
    probabilities = {
        "perfect": [
            0.6 + 0.4 * draw.random() if label else 0.4 * draw.random() for label in labels
        ],
        "inverted": [0.4 * draw.random() if label else 0.6 for label in labels],
        "random": [draw.random() for _ in labels],
    }[judge]
    return [Item(p, label) for p, label in zip(probabilities, labels, strict=True)]


@pytest.mark.parametrize(
    ("judge", "low", "high", "accuracy"),
    [("perfect", 1, 1, (1, 1)), ("inverted", 0, 0, (0, 0)), ("random", 0.4, 0.6, (0.4, 0.6))],
)
def test_judges_that_are_known(
    judge: str, low: float, high: float, accuracy: tuple[float, float]
) -> None:
    found = calibrate(labelled(judge))
    assert found.auc.value is not None
    assert low <= found.auc.value <= high
    share = found.thresholds[4].accuracy.value
    assert share is not None
    assert accuracy[0] <= share <= accuracy[1]


def test_an_interval_has_the_value_and_shrinks_with_more_items() -> None:
    widths: list[float] = []
    for count in (40, 160, 640):
        found = calibrate(labelled("random", count)).auc
        assert found.low is not None
        assert found.high is not None
        assert found.value is not None
        assert found.low <= found.value <= found.high
        widths.append(found.high - found.low)
    assert widths[0] > widths[1] > widths[2]


def test_an_interval_is_about_that_of_the_normal_approximation() -> None:
    """Of a share of 0.75 in 400: 1.96 * sqrt(0.75 * 0.25 / 400) = 0.042 to both sides."""
    some = [Item(0.9, n % 4 != 0) for n in range(400)]
    found = calibrate(some).thresholds[0].precision
    assert found.low == pytest.approx(0.75 - 0.042, abs=0.012)
    assert found.high == pytest.approx(0.75 + 0.042, abs=0.012)


def test_items_of_a_group_are_drawn_together() -> None:
    """100 copies of four items say no more than the four."""
    alone = [Item(0.9, n % 2 == 0, f"{n}") for n in range(4)]
    copies = [item for item in alone for _ in range(100)]
    a, b = calibrate(alone).thresholds[0].precision, calibrate(copies).thresholds[0].precision
    assert (a.low, a.high) == (b.low, b.high)
    apart = calibrate([item._replace(group="") for item in copies]).thresholds[0].precision
    assert apart.low is not None
    assert b.low is not None
    assert apart.low > b.low


def test_the_same_figures_every_time() -> None:
    assert calibrate(labelled("random")) == calibrate(labelled("random"))


def test_nothing_to_go_by() -> None:
    found = calibrate([])
    assert (found.auc.value, found.brier.value, found.chosen) == (None, None, None)
    found = calibrate([Item(0.3, True)])
    assert found.auc.value is None
    assert found.brier.value == pytest.approx(0.49)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_no_probability(p: float) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        calibrate([Item(p, True)])
