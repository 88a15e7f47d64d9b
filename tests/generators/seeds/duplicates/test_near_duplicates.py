"""Near-duplicates: the rule, against exact joins and against datasketch."""

import json
import os
import pickle
import random
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
from veristone.generators.seeds.duplicates import near
from veristone.generators.seeds.duplicates.exact import ExactDuplicates
from veristone.generators.seeds.duplicates.near import NearDuplicates
from veristone.generators.seeds.duplicates.ragged import Hashes, Similar
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rejected

ENGINES = ["veristone", "datasketch"]


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


@pytest.mark.parametrize(
    ("engine", "miss_weight", "recall"),
    [("veristone", 0.5, 0.85), ("veristone", 0.9, 0.95), ("datasketch", 0.5, 0.85)],
)
def test_finds_real_duplicates_and_nothing_else(
    tmp_path: Path, engine: str, miss_weight: float, recall: float
) -> None:
    """LSH overlooks a pair of similarity s with probability (1 - s^rows)^bands."""
    seeds = real_functions(3000)
    step = NearDuplicates.model_validate({"engine": engine, "miss_weight": miss_weight})
    outcomes = decide_all(step, seeds, tmp_path, [900])
    expect_witnesses(seeds, outcomes, 0.5)
    found = sum(one is not None for one in rejections(outcomes))
    assert found > 100
    assert found / (found + len(missed(seeds, outcomes, 0.5))) > recall
    assert found / (found + len(missed(seeds, outcomes, 0.7))) > 0.98


def test_the_engines_differ_only_by_chance(tmp_path: Path) -> None:
    seeds = real_functions(1500)
    found = [
        rejections(decide_all(NearDuplicates(engine=engine), seeds, tmp_path / engine, [400]))
        for engine in ("veristone", "datasketch")
    ]
    unlike = sum((one is None) != (other is None) for one, other in zip(*found, strict=True))
    assert unlike / len(seeds) < 0.03


# Texts of a few words of a tiny alphabet: most are empty, equal or similar.
tiny = st.lists(st.lists(st.sampled_from("abc"), max_size=7), max_size=24)
cuts = st.lists(st.integers(1, 9), min_size=1, max_size=8)


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=25, deadline=None)
@given(texts=tiny, sizes=cuts, threshold=st.sampled_from([0.3, 0.5, 0.8]), limit=st.integers(1, 3))
def test_parts_do_not_show_and_the_rule_holds(
    tmp_path_factory: pytest.TempPathFactory,
    engine: str,
    texts: list[list[str]],
    sizes: list[int],
    threshold: float,
    limit: int,
) -> None:
    seeds = [seed(" ".join(words)) for words in texts]
    step = NearDuplicates.model_validate(
        {"engine": engine, "threshold": threshold, "permutations": 32, "shingle": 2}
    )
    folder = tmp_path_factory.mktemp("near")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "BUCKET_LIMIT", limit)
        whole = decide_all(step, seeds, folder / "whole", [max(len(seeds), 1)])
        pieces = decide_all(step, seeds, folder / "pieces", sizes)
    assert pieces == whole
    expect_witnesses(seeds, whole, threshold, words=2)
    sets = word_sets(seeds, 2)
    first: dict[frozenset[tuple[str, ...]], int] = {}
    for position, (own, outcome) in enumerate(zip(sets, whole, strict=True)):
        if not own:
            assert outcome is seeds[position]
        if own and not isinstance(outcome, Rejected):
            # Equal sets share all bands, and are found whatever the buckets' limit if the first
            # was listed anywhere.
            assert limit == 1 or own not in first or limit < len(seeds)
            first[own] = position


@settings(max_examples=30, deadline=None)
@given(texts=tiny, sizes=cuts)
def test_equal_sets_are_always_found(
    tmp_path_factory: pytest.TempPathFactory, texts: list[list[str]], sizes: list[int]
) -> None:
    seeds = [seed(" ".join(words)) for words in texts]
    outcomes = decide_all(
        NearDuplicates(permutations=16), seeds, tmp_path_factory.mktemp("near"), sizes
    )
    seen: set[frozenset[tuple[str, ...]]] = set()
    for own, outcome in zip(word_sets(seeds), outcomes, strict=True):
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


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_a_part_too(tmp_path: Path, engine: str) -> None:
    step = NearDuplicates.model_validate({"engine": engine})
    text = "one two three four five six"
    parts = [[], [seed("{}"), seed("()")], [seed(text)], [], [seed(text), seed("[]")]]
    found = [step.decide(n, part, step.sketch(part), tmp_path) for n, part in enumerate(parts)]
    assert found[:4] == parts[:4]
    assert found[4] == [Rejected("near_duplicate", f"1.00 of {seed(text).id}"), seed("[]")]


def boilerplate(count: int) -> list[Seed]:
    """Functions that are similar by 0.46 each to each."""
    head = " ".join(f"licence{number}" for number in range(38))
    return [
        seed(f"{head} " + " ".join(f"own{number}_{k}" for k in range(20)))
        for number in range(count)
    ]


def test_a_full_bucket_costs_no_more_and_hides_no_duplicate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "BUCKET_LIMIT", 8)
    seeds = boilerplate(1200)
    compared: list[int] = []
    original = near.most_similar

    def counting(own: Hashes, others: list[Hashes], threshold: float) -> Similar | None:
        compared.append(len(others))
        return original(own, others, threshold)

    monkeypatch.setattr(near, "most_similar", counting)
    copies = [seed(one.code + " changed") for one in seeds[::60]]
    outcomes = decide_all(NearDuplicates(), seeds + copies, tmp_path, [500, 100, 7])
    assert max(compared) <= 8 * 32
    assert len(compared) > 600
    found = rejections(outcomes)
    assert found[:1200] == [None] * 1200
    assert [one.detail.split(" of ")[1] for one in found[1200:] if one] == [
        one.id for one in seeds[::60]
    ]


OLDER_CPU = "AVX512F AVX512CD AVX512_SKX"
SCRIPT = """
import json, sys
from pathlib import Path
from duplicate_cases import decide_all, real_functions
from veristone.generators.seeds.duplicates.exact import ExactDuplicates
from veristone.generators.seeds.duplicates.near import NearDuplicates
from veristone.generators.seeds.duplicates.ragged import Hashes, Similar
from veristone.generators.seeds.steps import Rejected
folder = Path(sys.argv[1])
found = []
for step in (ExactDuplicates(), NearDuplicates()):
    outcomes = decide_all(step, real_functions(600), folder / step.kind, [170])
    found.append([o.detail if isinstance(o, Rejected) else "" for o in outcomes])
files = {str(p.relative_to(folder)): p.read_bytes().hex() for p in sorted(folder.rglob("*.*"))}
print(json.dumps([found, files]))
"""


def test_other_processes_decide_the_same(tmp_path: Path) -> None:
    answers: list[object] = []
    for number in ("1", "2"):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": number,
            "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(Path(__file__).parent)]),
            # What numpy vectorises differs between machines; its results may not.
            **(
                {"NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX"} if number == "2" else {}
            ),
        }
        command = [sys.executable, "-W", "ignore", "-c", SCRIPT, str(tmp_path / number)]
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
        answers.append(json.loads(done.stdout))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("engine", ENGINES)
def test_sketches_travel_between_processes(tmp_path: Path, engine: str) -> None:
    step = NearDuplicates.model_validate({"engine": engine})
    seeds = real_functions(300)
    sketch = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(step)).sketch(seeds)))
    assert step.decide(0, seeds, sketch, tmp_path / "there") == step.decide(
        0, seeds, step.sketch(seeds), tmp_path / "here"
    )
    assert step == pickle.loads(pickle.dumps(step))


def test_datasketch_goes_on_from_the_disk(tmp_path: Path) -> None:
    """Another folder in between, going back, a new process: the tables are those of the index."""
    seeds = real_functions(400)
    parts = [seeds[:150], seeds[150:150], seeds[150:300], seeds[300:]]
    step = NearDuplicates(engine="datasketch")
    truth = [
        step.decide(n, part, step.sketch(part), tmp_path / "straight")
        for n, part in enumerate(parts)
    ]
    order = random.Random(4)
    for number, part in enumerate(parts):
        for again in range(max(0, number - 1), number + 1):
            found = step.decide(
                again, parts[again], step.sketch(parts[again]), tmp_path / "crooked"
            )
            assert found == truth[again]
        if order.random() < 0.5:
            step.decide(0, part, step.sketch(part), tmp_path / "elsewhere")


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 0},
        {"threshold": 1},
        {"permutations": 8},
        {"miss_weight": 1},
        {"shingle": 0},
        {"engine": "rensa"},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError):
        NearDuplicates.model_validate(wrong)


@pytest.mark.parametrize(
    "changed",
    [
        {"threshold": 0.6},
        {"miss_weight": 0.5},
        {"shingle": 4},
        {"engine": "datasketch"},
        {"across_languages": True},
    ],
)
def test_an_index_does_not_go_on_with_other_settings(
    tmp_path: Path, changed: dict[str, object]
) -> None:
    part = [seed("a b c d e f")]
    NearDuplicates().decide(0, part, NearDuplicates().sketch(part), tmp_path)
    other = NearDuplicates.model_validate(changed)
    with pytest.raises(ConfigError, match="other settings"):
        other.decide(1, part, other.sketch(part), tmp_path)
    assert other.decide(0, part, other.sketch(part), tmp_path) == part


def test_a_sketch_of_other_seeds_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    two = [seed("a b c d e f"), seed("g h i j k l")]
    for step in (NearDuplicates(), ExactDuplicates()):
        folder = tmp_path / step.kind
        with pytest.raises(ValueError, match="sketch of 2 seeds came with 1"):
            step.decide(0, two[:1], step.sketch(two), folder)
        assert not folder.exists()
