"""Near-duplicates: the rule, against an exact join."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pydantic
import pytest
from duplicate_cases import (
    decide_all,
    missed,
    overlaps,
    real_functions,
    rejections,
    seed,
    word_sets,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from veristone.generators.seeds.duplicates.near import NearDuplicates
from veristone.generators.seeds.duplicates.similar import jaccard, shingles
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rejected


def expect_witnesses(
    seeds: Sequence[Seed], outcomes: Sequence[Outcome], threshold: float, words: int = 5
) -> None:
    """Every rejection names an earlier kept seed that is as similar as it says."""
    sets = word_sets(seeds, words)
    kept: dict[str, list[int]] = {}
    for position, (own, outcome) in enumerate(zip(seeds, outcomes, strict=True)):
        if isinstance(outcome, Rejected):
            similarity, _, witness = outcome.detail.partition(" of ")
            found = [overlaps(sets[position], sets[earlier]) for earlier in kept[witness]]
            assert max(found) >= threshold
            assert similarity in [f"{one:.2f}" for one in found]
            assert outcome.reason == "near_duplicate"
        else:
            assert outcome is own
            kept.setdefault(own.id, []).append(position)


def test_finds_real_duplicates_and_nothing_else() -> None:
    """LSH overlooks a pair of similarity s with probability (1 - s^rows)^bands."""
    seeds = real_functions(3000)
    outcomes = decide_all(NearDuplicates(), seeds)
    expect_witnesses(seeds, outcomes, 0.5)
    found = sum(one is not None for one in rejections(outcomes))
    assert found > 100
    assert found / (found + len(missed(seeds, outcomes, 0.5))) > 0.95
    assert found / (found + len(missed(seeds, outcomes, 0.7))) > 0.98


# Texts of a few words of a tiny alphabet: most are empty, equal or similar.
tiny = st.lists(st.lists(st.sampled_from("abc"), max_size=7), max_size=24)


@settings(max_examples=25, deadline=None)
@given(texts=tiny, stop=st.integers(0, 24), threshold=st.sampled_from([0.3, 0.5, 0.8]))
def test_interruptions_do_not_show_and_the_rule_holds(
    texts: list[list[str]], stop: int, threshold: float
) -> None:
    seeds = [seed(" ".join(words)) for words in texts]
    step = NearDuplicates(threshold=threshold, shingle=2)
    whole = decide_all(step, seeds)
    assert decide_all(step, seeds, stop) == whole
    expect_witnesses(seeds, whole, threshold, words=2)
    seen: set[frozenset[tuple[str, ...]]] = set()
    for own, outcome, one in zip(word_sets(seeds, 2), whole, seeds, strict=True):
        # A text without words is like no other; equal sets share all bands.
        assert own or outcome is one
        assert not own or own not in seen or isinstance(outcome, Rejected)
        seen.add(own)


def test_the_most_similar_is_named_and_of_equals_the_oldest() -> None:
    words = [f"w{number}" for number in range(40)]
    texts = [words[:30], ["x", *words[:20]], words, words]
    seeds = [seed(" ".join(text)) for text in texts]
    found = decide_all(NearDuplicates(threshold=0.8), seeds)
    assert rejections(found)[:3] == [None, None, None]
    assert found[3] == Rejected("near_duplicate", f"1.00 of {seeds[2].id}")


def test_languages_are_apart() -> None:
    code = "function add(first, second) { return first + second + 0; }"
    both = [seed(code, "javascript"), seed(code, "typescript")]
    assert decide_all(NearDuplicates(), both) == both


SCRIPT = """
import json
from duplicate_cases import decide_all, real_functions
from veristone.generators.seeds.duplicates.near import NearDuplicates
from veristone.generators.seeds.steps import Rejected
outcomes = decide_all(NearDuplicates(), real_functions(600))
print(json.dumps([o.detail if isinstance(o, Rejected) else "" for o in outcomes]))
"""


@pytest.mark.slow
def test_other_processes_decide_the_same() -> None:
    answers: list[object] = []
    for number in ("1", "2"):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": number,
            "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(Path(__file__).parent)]),
            # What numpy vectorises differs between machines; its results may not.
            **({"NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512_SKX"} if number == "2" else {}),
        }
        command = [sys.executable, "-W", "ignore", "-c", SCRIPT]
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
        answers.append(json.loads(done.stdout))
    assert answers[0] == answers[1]
    assert any(answers[0])  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "wrong",
    [{"threshold": 0}, {"shingle": 0}, {"engine": "x"}],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError):
        NearDuplicates.model_validate(wrong)


def test_shingles_are_as_many_and_as_similar_as_runs_of_words() -> None:
    seeds = real_functions(200)
    truth = word_sets(seeds)
    sets = [shingles(one.code) for one in seeds]
    assert [len(one) for one in sets] == [len(one) for one in truth]
    for a, b in [(i, j) for i in range(0, 200, 7) for j in range(i + 1, min(i + 9, 200))]:
        assert jaccard(sets[a], sets[b]) == overlaps(truth[a], truth[b])


@pytest.mark.parametrize("words", [1, 2, 5])
@given(text=st.text("ab_ \n(é\ud800", max_size=12))
def test_any_text_has_shingles(words: int, text: str) -> None:
    run = re.findall(r"\w+", text)
    grams = {tuple(run[i : i + words]) for i in range(max(len(run) - words + 1, bool(run)))}
    assert len(shingles(text, "x", words)) == len(grams)
