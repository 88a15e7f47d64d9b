"""Near-duplicates: the rule, against an exact join."""

import json
import os
import pickle
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

from veristone import ConfigError
from veristone.generators.seeds.duplicates.exact import ExactDuplicates
from veristone.generators.seeds.duplicates.near import NearDuplicates
from veristone.generators.seeds.duplicates.similar import jaccard, shingles
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import OrderedStep, Outcome, Rejected


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


@pytest.mark.parametrize(("miss_weight", "recall"), [(0.5, 0.85), (0.9, 0.95)])
def test_finds_real_duplicates_and_nothing_else(
    tmp_path: Path, miss_weight: float, recall: float
) -> None:
    """LSH overlooks a pair of similarity s with probability (1 - s^rows)^bands."""
    seeds = real_functions(3000)
    outcomes = decide_all(NearDuplicates(miss_weight=miss_weight), seeds, tmp_path, [900])
    expect_witnesses(seeds, outcomes, 0.5)
    found = sum(one is not None for one in rejections(outcomes))
    assert found > 100
    assert found / (found + len(missed(seeds, outcomes, 0.5))) > recall
    assert found / (found + len(missed(seeds, outcomes, 0.7))) > 0.98


# Texts of a few words of a tiny alphabet: most are empty, equal or similar.
tiny = st.lists(st.lists(st.sampled_from("abc"), max_size=7), max_size=24)
cuts = st.lists(st.integers(1, 9), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None)
@given(texts=tiny, sizes=cuts, threshold=st.sampled_from([0.3, 0.5, 0.8]))
def test_parts_do_not_show_and_the_rule_holds(
    tmp_path_factory: pytest.TempPathFactory,
    texts: list[list[str]],
    sizes: list[int],
    threshold: float,
) -> None:
    seeds = [seed(" ".join(words)) for words in texts]
    step = NearDuplicates(threshold=threshold, permutations=32, shingle=2)
    folder = tmp_path_factory.mktemp("near")
    whole = decide_all(step, seeds, folder / "whole", [max(len(seeds), 1)])
    assert decide_all(step, seeds, folder / "pieces", sizes) == whole
    expect_witnesses(seeds, whole, threshold, words=2)
    seen: set[frozenset[tuple[str, ...]]] = set()
    for own, outcome, one in zip(word_sets(seeds, 2), whole, seeds, strict=True):
        # A text without words is like no other; equal sets share all bands.
        assert own or outcome is one
        assert not own or own not in seen or isinstance(outcome, Rejected)
        seen.add(own)


def test_the_most_similar_is_named_and_of_equals_the_oldest(tmp_path: Path) -> None:
    words = [f"w{number}" for number in range(40)]
    texts = [words[:30], ["x", *words[:20]], words, words]
    seeds = [seed(" ".join(text)) for text in texts]
    found = decide_all(NearDuplicates(threshold=0.8), seeds, tmp_path, [1])
    assert rejections(found)[:3] == [None, None, None]
    assert found[3] == Rejected("near_duplicate", f"1.00 of {seeds[2].id}")


@pytest.mark.parametrize(("across", "rejected"), [(False, 0), (True, 1)])
def test_languages_are_apart_unless_told_otherwise(
    tmp_path: Path, across: bool, rejected: int
) -> None:
    code = "function add(first, second) { return first + second + 0; }"
    both = [seed(code, "javascript"), seed(code, "typescript")]
    outcomes = decide_all(NearDuplicates(across_languages=across), both, tmp_path, [2])
    assert sum(one is not None for one in rejections(outcomes)) == rejected


def test_nothing_is_a_part_too(tmp_path: Path) -> None:
    step = NearDuplicates()
    text = "one two three four five six"
    parts = [[], [seed("{}"), seed("()")], [seed(text)], [], [seed(text), seed("[]")]]
    found = [step.decide(n, part, step.sketch(part), tmp_path) for n, part in enumerate(parts)]
    assert found[:4] == parts[:4]
    assert found[4] == [Rejected("near_duplicate", f"1.00 of {seed(text).id}"), seed("[]")]


SCRIPT = """
import json, sys
from pathlib import Path
from duplicate_cases import decide_all, real_functions
from veristone.generators.seeds.duplicates.near import NearDuplicates
from veristone.generators.seeds.steps import Rejected
outcomes = decide_all(NearDuplicates(), real_functions(600), Path(sys.argv[1]), [170])
print(json.dumps([o.detail if isinstance(o, Rejected) else "" for o in outcomes]))
"""


def test_other_processes_decide_the_same(tmp_path: Path) -> None:
    answers: list[object] = []
    for number in ("1", "2"):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": number,
            "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(Path(__file__).parent)]),
            # What numpy vectorises differs between machines; its results may not.
            **({"NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512_SKX"} if number == "2" else {}),
        }
        command = [sys.executable, "-W", "ignore", "-c", SCRIPT, str(tmp_path / number)]
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
        answers.append(json.loads(done.stdout))
    assert answers[0] == answers[1]
    assert any(answers[0])  # pyright: ignore[reportArgumentType]


STEPS = [NearDuplicates(), ExactDuplicates()]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.kind)
def test_a_run_goes_on_from_the_disk(tmp_path: Path, step: OrderedStep) -> None:
    """The last part comes again, another folder is used in between, a part fails half way."""
    step = pickle.loads(pickle.dumps(step))
    seeds = real_functions(400)
    parts = [seeds[:150], seeds[150:150], seeds[150:300], seeds[300:]]
    sketches = [pickle.loads(pickle.dumps(step.sketch(part))) for part in parts]
    truth = [
        step.decide(n, part, sketches[n], tmp_path / "straight") for n, part in enumerate(parts)
    ]
    for number, part in enumerate(parts):
        with pytest.raises(ValueError, match="zip"):
            step.decide(number, part, step.sketch([*part, *part, seed("more")]), tmp_path / "work")
        for again in range(max(0, number - 1), number + 1):
            found = step.decide(again, parts[again], sketches[again], tmp_path / "work")
            assert found == truth[again]
        step.decide(0, part, sketches[number], tmp_path / "elsewhere")


def test_an_index_does_not_go_on_with_other_settings_or_without_a_part(tmp_path: Path) -> None:
    part = [seed("a b c d e f")]
    step, other = NearDuplicates(), NearDuplicates(shingle=4)
    step.decide(0, part, step.sketch(part), tmp_path)
    with pytest.raises(ConfigError, match="other settings"):
        other.decide(1, part, other.sketch(part), tmp_path)
    with pytest.raises(ConfigError, match="part 2 came, but not"):
        step.decide(2, part, step.sketch(part), tmp_path)
    assert other.decide(0, part, other.sketch(part), tmp_path) == part


@pytest.mark.parametrize(
    "wrong",
    [{"threshold": 0}, {"permutations": 8}, {"miss_weight": 1}, {"shingle": 0}, {"engine": "x"}],
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
