"""Signatures against the similarities that they estimate, bandings against datasketch's."""

import numpy as np
import pytest
from datasketch import MinHashLSH

from veristone.generators.seeds.duplicates import minhash
from veristone.generators.seeds.duplicates.minhash import Banding, band_keys, choose_banding
from veristone.generators.seeds.duplicates.ragged import Ragged


def ragged(*sets: set[int]) -> Ragged:
    ends = np.cumsum([len(one) for one in sets], dtype=np.int64)
    return Ragged(np.array([v for one in sets for v in sorted(one)], np.uint32), ends)


@pytest.mark.parametrize("permutations", [16, 64, 128, 250])
@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.25, 0.75), (0.1, 0.9)])
@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.7, 0.85])
def test_the_banding_is_datasketchs(
    threshold: float, weights: tuple[float, float], permutations: int
) -> None:
    reference = MinHashLSH(threshold=threshold, num_perm=permutations, weights=weights)
    assert choose_banding(threshold, permutations, weights[1]) == (reference.b, reference.r)


@pytest.mark.parametrize("threshold", [0.05, 0.99])
@pytest.mark.parametrize("permutations", [16, 512])
@pytest.mark.parametrize("miss_weight", [0.5, 0.99])
def test_a_banding_uses_no_more_permutations_than_there_are(
    threshold: float, permutations: int, miss_weight: float
) -> None:
    bands, rows = choose_banding(threshold, permutations, miss_weight)
    assert bands >= 2
    assert 1 <= rows * bands <= permutations


@pytest.mark.parametrize("size", [1, 8, 40, 2000])
@pytest.mark.parametrize("shared_of_8", [0, 2, 4, 6, 8])
def test_minima_agree_as_often_as_the_sets_are_similar(size: int, shared_of_8: int) -> None:
    shared = size * shared_of_8 // 8
    similarity = shared / (2 * size - shared)
    rng = np.random.default_rng(size + shared)
    sets: list[set[int]] = []
    for _ in range(40):
        values = rng.choice(2**32, 2 * size, replace=False).tolist()
        sets += [set(values[:size]), set(values[size - shared : 2 * size - shared])]
    keys = band_keys(ragged(*sets), Banding(256, 1))
    found = float((keys[:, 0::2] == keys[:, 1::2]).mean())
    # Pairs are independent, permutations of a pair nearly so.
    assert abs(found - similarity) <= 5 * np.sqrt(similarity * (1 - similarity) / (256 * 40)) + 1e-9


def test_consecutive_numbers_are_estimated_as_well() -> None:
    keys = band_keys(ragged(set(range(300)), set(range(100, 400))), Banding(1024, 1))
    assert abs(float((keys[:, 0] == keys[:, 1]).mean()) - 0.5) < 0.08


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    sets = ragged(*(set(rng.choice(2**32, n).tolist()) for n in (3, 1, 50, 7, 7, 1, 90, 2)))
    whole = band_keys(sets, Banding(25, 5))
    monkeypatch.setattr(minhash, "_AT_ONCE", 8)
    assert np.array_equal(band_keys(sets, Banding(25, 5)), whole)


def test_keys_are_the_same_for_ever() -> None:
    assert band_keys(ragged({1, 2, 3}, {7}), Banding(2, 3)).tolist() == PINNED


PINNED = [[403102526, 753253196], [207911358, 31046439]]


def test_no_sets_have_no_keys() -> None:
    assert band_keys(ragged(), Banding(25, 5)).shape == (25, 0)
