"""Segments against dictionaries, and against one another when merged."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone import ConfigError
from veristone.generators.seeds.duplicates import segments as module
from veristone.generators.seeds.duplicates.segments import Segment, merge, suffix_to_merge

BANDS = 3
row = st.tuples(*[st.tuples(st.integers(0, 5), st.booleans())] * BANDS)
rows = st.lists(row, max_size=12)


def build(parts: list[list[tuple[tuple[int, bool], ...]]]) -> Iterator[Segment]:
    first = 0
    for part in parts:
        cells = np.array(part, np.int64).reshape(-1, BANDS, 2)
        keys = np.ascontiguousarray(cells[:, :, 0].T).astype(np.uint32)
        yield Segment.build(keys, cells[:, :, 1].T.astype(np.bool_), first)
        first += len(part)


def found(segment: Segment, band: int, keys: list[int]) -> dict[int, list[int]]:
    hits = segment.find(band, np.array(keys, np.uint64) << np.uint64(32))
    return {
        keys[position]: segment.rows(band, int(first), int(last))
        for position, first, last in zip(*hits, strict=True)
    }


@given(part=rows)
def test_finds_what_was_listed(part: list[tuple[tuple[int, bool], ...]]) -> None:
    (segment,) = build([part])
    for band in range(BANDS):
        truth: dict[int, list[int]] = defaultdict(list)
        for number, cells in enumerate(part):
            if cells[band][1]:
                truth[cells[band][0]].append(number)
        assert found(segment, band, [0, 1, 2, 2, 3, 4, 5, 6, 2**32 - 1]) == truth


@given(parts=st.lists(rows, min_size=1, max_size=5), at_once=st.sampled_from([1, 2, 5, 1 << 18]))
def test_merging_is_building_at_once(
    parts: list[list[tuple[tuple[int, bool], ...]]], at_once: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MERGED_AT_ONCE", at_once)
        pieces = list(merge(list(build(parts))))
    assert all(len(piece) <= max(at_once * len(parts), BANDS + 1) for piece in pieces)
    (whole,) = build([[cells for part in parts for cells in part]])
    assert b"".join(map(bytes, pieces)) == b"".join(map(bytes, merge([whole])))


def test_the_file_is_the_segment(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    segment = Segment.build(
        rng.integers(0, 2**32, (BANDS, 500), np.uint32), rng.random((BANDS, 500)) < 0.7, 2**32 - 500
    )
    path = tmp_path / "segment"
    path.write_bytes(b"".join(map(bytes, merge([segment]))))
    opened = Segment.open(path, BANDS)
    assert all(np.array_equal(a, b) for a, b in zip(segment.bands, opened.bands, strict=True))


@pytest.mark.parametrize("cut", [0, 8, 20, 8 * (BANDS + 1), -1, -8])
def test_a_file_that_is_not_whole_is_refused(tmp_path: Path, cut: int) -> None:
    (segment,) = build([[((1, True), (2, True), (3, True))]])
    path = tmp_path / "segment"
    path.write_bytes(b"".join(map(bytes, merge([segment])))[:cut])
    with pytest.raises(ConfigError, match="damaged"):
        Segment.open(path, BANDS)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="damaged"):
        Segment.open(tmp_path / "segment", BANDS)


@given(st.lists(st.integers(1, 1000), max_size=200))
def test_segments_stay_few_whatever_comes(sizes: list[int]) -> None:
    held: list[int] = []
    for new in sizes:
        count = suffix_to_merge(held, new)
        kept = len(held) - count
        held = [*held[:kept], sum(held[kept:]) + new]
        assert all(a >= 2 * b for a, b in pairwise(held))
        assert len(held) <= 1 + np.log2(sum(held))
    assert sum(held) == sum(sizes)
