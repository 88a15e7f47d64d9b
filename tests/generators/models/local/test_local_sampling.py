"""Choosing the next token."""

import math
from collections import Counter
from typing import Any

import pytest

pytestmark = [pytest.mark.models, pytest.mark.filterwarnings("default")]
CHANCES = (0.5, 0.25, 0.2, 0.05)


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch", reason="torch is not installed: make test-models")


@pytest.fixture
def logits(torch: Any) -> Any:
    return torch.tensor([[math.log(chance) for chance in CHANCES]])


def chosen(*arguments: Any) -> list[int]:
    from veristone.generators.models.local.sampling import choose

    return choose(*arguments).squeeze(1).tolist()


def counted(logits: Any, temperature: float = 1.0, top_p: float = 1.0) -> Counter[int]:
    rows = 2000
    draws = [row / rows for row in range(rows)]
    return Counter(chosen(logits.repeat(rows, 1), [temperature] * rows, [top_p] * rows, draws))


def test_tokens_come_as_often_as_they_are_likely(logits: Any) -> None:
    found = counted(logits)
    assert [found[token] / 2000 for token in range(4)] == pytest.approx(CHANCES, abs=0.002)


def test_temperature_sharpens(logits: Any) -> None:
    squares = [chance**2 for chance in CHANCES]
    found = counted(logits, temperature=0.5)
    expected = [square / sum(squares) for square in squares]
    assert [found[token] / 2000 for token in range(4)] == pytest.approx(expected, abs=0.002)
    assert counted(logits, temperature=0.0) == {0: 2000}


@pytest.mark.parametrize(("top_p", "left"), [(0.0, 1), (0.5, 1), (0.6, 2), (0.9, 3), (1.0, 4)])
def test_top_p_keeps_the_fewest_that_reach_it(logits: Any, top_p: float, left: int) -> None:
    assert set(counted(logits, top_p=top_p)) == set(range(left))


def test_the_largest_draw_takes_a_token_that_has_a_chance(torch: Any, logits: Any) -> None:
    banned = torch.cat([logits, torch.full((1, 1000), -torch.inf)], dim=1)
    assert chosen(banned, [1.0], [1.0], [math.nextafter(1.0, 0.0)]) == [3]
    assert chosen(banned, [1.0], [1.0], [0.0]) == [0]


def test_rows_do_not_know_of_each_other(torch: Any, logits: Any) -> None:
    rows = torch.cat([logits, logits.flip(1), logits])
    together = chosen(rows, [1.0, 0.0, 0.5], [1.0, 0.5, 0.9], [0.7, 0.7, 0.7])
    alone = [
        chosen(rows[n : n + 1], [temperature], [top_p], [0.7])[0]
        for n, (temperature, top_p) in enumerate(((1.0, 1.0), (0.0, 0.5), (0.5, 0.9)))
    ]
    assert together == alone


def test_likeliest_are_in_order_and_no_more_than_there_are(logits: Any) -> None:
    from veristone.generators.models.local.sampling import likeliest

    (found,) = likeliest(logits, 10)
    assert [token for token, _ in found] == [0, 1, 2, 3]
    assert [value for _, value in found] == pytest.approx([math.log(c) for c in CHANCES], abs=1e-5)
