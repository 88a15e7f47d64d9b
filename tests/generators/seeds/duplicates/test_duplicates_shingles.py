"""Shingles against Python sets of tuples."""

import re
import time

import numpy as np
import pytest
from duplicate_cases import overlaps, real_functions, word_sets
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.seeds.duplicates import ragged
from veristone.generators.seeds.duplicates import shingles as module
from veristone.generators.seeds.duplicates.ragged import Ragged, most_similar
from veristone.generators.seeds.duplicates.shingles import shingles


def members(sets: Ragged) -> list[set[int]]:
    return [set(sets.at(position).tolist()) for position in range(len(sets))]


def of(*texts: str, words: int = 5) -> list[set[int]]:
    return members(shingles(texts, ["x"] * len(texts), words))


def test_as_many_as_there_are_different_word_runs_and_as_similar() -> None:
    seeds = real_functions(400)
    truth = word_sets(seeds)
    sets = members(shingles([one.code for one in seeds], ["python"] * len(seeds), 5))
    assert [len(one) for one in sets] == [len(one) for one in truth]
    for a, b in [(i, j) for i in range(0, 400, 7) for j in range(i + 1, min(i + 9, 400))]:
        assert overlaps(sets[a], sets[b]) == overlaps(truth[a], truth[b])


@pytest.mark.parametrize("words", [1, 2, 5])
@given(texts=st.lists(st.text("ab_ \n(é\ud800", max_size=12), max_size=8))
def test_any_text_in_any_company(words: int, texts: list[str]) -> None:
    runs = [re.findall(r"\w+", text) for text in texts]
    together = of(*texts, words=words)
    assert together == [of(text, words=words)[0] for text in texts]
    for run, found in zip(runs, together, strict=True):
        grams = {tuple(run[i : i + words]) for i in range(max(len(run) - words + 1, bool(run)))}
        assert len(found) == len(grams)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("def f(a): return a + 1", "def f(a):\n\n\treturn a+1  ", True),
        ("def f(a): return a + 1", "def f(b): return b + 1", False),
        ("a", "a", True),
        ("a", "b", False),
        ("a b", "b a", False),
        ("a b", "ab", False),
        ("a", "a a", False),
        ("straße = 1", "stra e = 1", False),
        ("f(x)", "F(x)", False),
        ("{}", "()", True),  # no words: nothing to compare
    ],
)
def test_words_count_and_layout_does_not(one: str, other: str, equal: bool) -> None:
    first, second = of(one, other)
    assert (first == second) is equal


def test_kinds_share_nothing() -> None:
    text = "def f ( a , b , c ) : return a + b + c"
    python, ruby, again = members(shingles([text] * 3, ["python", "ruby", "python"], 5))
    assert python == again
    assert not python & ruby


def test_batches_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [one.code for one in real_functions(60)]
    whole = shingles(texts, ["python"] * 60, 5)
    monkeypatch.setattr(module, "_BATCH_CHARS", 700)
    pieces = shingles(texts, ["python"] * 60, 5)
    assert np.array_equal(whole.values, pieces.values)
    assert np.array_equal(whole.ends, pieces.ends)


def test_hashes_are_the_same_for_ever() -> None:
    assert sorted(of("def add(a, b):\n    return a + b\n")[0]) == PINNED


PINNED = [1828749312, 2486178377, 3884484990]


@pytest.mark.parametrize("text", ["a " * 10**6, "x" * 10**7, "(" * 10**7, "é1 " * 10**6])
def test_megabytes_of_anything(text: str) -> None:
    began = time.process_time()
    sizes = shingles(["f(x)", text, "g(y)"], ["python"] * 3, 5).sizes
    assert sizes.tolist() == [1, 0 if text[0] == "(" else 1, 1]
    assert time.process_time() - began < 10


small_sets = st.frozensets(st.integers(0, 12), min_size=1)


@given(
    one=small_sets,
    others=st.lists(small_sets, max_size=12),
    threshold=st.sampled_from([0.05, 0.3, 0.5, 0.7, 0.99]),
    at_once=st.sampled_from([1, 7, 1 << 18]),
)
def test_most_similar_is_the_first_of_the_best(
    one: frozenset[int], others: list[frozenset[int]], threshold: float, at_once: int
) -> None:
    def array(values: frozenset[int]) -> "np.ndarray":
        return np.array(sorted(values), np.uint32)

    best = max((overlaps(one, other) for other in others), default=0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ragged, "_AT_ONCE", at_once)
        found = most_similar(array(one), [array(other) for other in others], threshold)
    if best < threshold:
        assert found is None
    else:
        assert found is not None
        assert found.jaccard == best
        assert found.position == [overlaps(one, other) for other in others].index(best)
