"""Packing: nothing is lost, nothing is cut, little is wasted."""

import math
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.training.finetune.packing import pack


@given(st.lists(st.integers(1, 50), max_size=60))
def test_every_sample_is_in_one_row_and_every_row_fits(lengths: list[int]) -> None:
    rows = pack(lengths, 50)
    assert sorted(index for row in rows for index in row) == list(range(len(lengths)))
    assert all(0 < sum(lengths[index] for index in row) <= 50 for row in rows)
    # Johnson et al.'s bound, with the total as what the best packing needs at least.
    best = max(math.ceil(sum(lengths) / 50), sum(length > 25 for length in lengths))
    assert len(rows) <= 2 * best + 1
    assert rows == pack(lengths, 50)


def test_the_tightest_row_is_taken() -> None:
    # 6 leaves 4, 5 leaves 5: the 4 goes to the 6.
    assert pack([6, 5, 4], 10) == [[0, 2], [1]]


def test_real_lengths_waste_little_and_take_no_time() -> None:
    chance = random.Random(0)
    lengths = [min(1280, int(chance.lognormvariate(6, 0.5)) + 1) for _ in range(50_000)]
    begin = time.process_time()
    rows = pack(lengths, 1280)
    assert time.process_time() - begin < 10
    assert sum(lengths) / (len(rows) * 1280) > 0.98


@pytest.mark.parametrize("lengths", [[11], [0], [3, -1]])
def test_what_fits_no_row_is_an_error(lengths: list[int]) -> None:
    with pytest.raises(ValueError, match="between 1 and 10"):
        pack(lengths, 10)
