"""Magicoder's leak in miniature: copies of benchmark solutions, disguised and planted, are found.

Asserted are floors a little below what the tasks with odd numbers gave; how far these were out of
sight when thresholds were chosen says `benchmarks/contamination_recall.py`.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from veristone.generators.seeds.contamination.audit import Audit, Planted, audit, plant, table
from veristone.generators.seeds.contamination.benchmarks import Item, load_items
from veristone.generators.seeds.contamination.corpus import real_functions
from veristone.generators.seeds.contamination.detector import Detector
from veristone.generators.seeds.contamination.disguises import disguise
from veristone.generators.seeds.contamination.rows import read_rows

DATA = Path(__file__).resolve().parents[5] / "shared" / "data"
PARAPHRASES = Path(__file__).with_name("paraphrases.jsonl")

pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason="the public benchmark files are not here: ../shared/data"
)


def number(task: str) -> int:
    found = re.search(r"\d+", task)
    assert found is not None
    return int(found[0])


@pytest.fixture(scope="module")
def humaneval() -> list[Item]:
    return load_items(DATA / "humaneval.jsonl.gz", "HumanEval")


@pytest.fixture(scope="module")
def mbpp() -> list[Item]:
    return load_items(DATA / "mbpp.jsonl.gz", "MBPP")


@pytest.fixture(scope="module")
def detector(humaneval: list[Item], mbpp: list[Item]) -> Detector:
    return Detector.of_items([*humaneval, *mbpp])


def program(item: Item, body: str) -> str:
    return next(t for t in item.tests if f"def {item.entry_point}(" in t) + body


def wholes(items: list[Item]) -> Iterator[Item]:
    for item in items:
        if number(item.task_id) % 2:
            yield Item(
                benchmark=item.benchmark,
                task_id=item.task_id,
                entry_point=item.entry_point,
                texts=item.texts,
                solutions=(program(item, item.solutions[0]),),
            )


def recall(result: Audit) -> dict[str, float]:
    return {kind: found.found / found.planted for kind, found in result.recall.items()}


@pytest.mark.parametrize(
    ("benchmark", "least"),
    [
        (
            "humaneval",
            {
                "verbatim": 1.0,
                "undocumented": 0.97,
                "renamed": 0.87,
                "embedded": 0.85,
                "reworked": 0.8,
                "described": 1.0,
                "paraphrased description": 0.9,
                "paraphrased, renamed": 0.95,
                "paraphrased, reworked": 0.95,
            },
        ),
        (
            "mbpp",
            {
                "verbatim": 1.0,
                "undocumented": 0.97,
                "renamed": 0.75,  # the rest says as little as `return x + y`
                "described": 1.0,
                "paraphrased, reworked": 0.95,
            },
        ),
    ],
)
def test_disguised_copies_are_found(
    benchmark: str, least: dict[str, float], detector: Detector, request: pytest.FixtureRequest
) -> None:
    items: list[Item] = request.getfixturevalue(benchmark)
    if benchmark == "humaneval":
        items = list(wholes(items))
    else:
        items = [item for item in items if number(item.task_id) % 4 == 1]
    result = audit(detector, plant(items, least))
    found = recall(result)
    assert {kind: share for kind, share in found.items() if share < least[kind]} == {}
    assert all(kind.right >= 0.93 * kind.found for kind in result.recall.values())
    assert "| verbatim |" in table(result)


def test_translations_are_found_by_name_and_some_without(detector: Detector) -> None:
    planted: list[Planted] = []
    for language in ("js", "java", "cpp"):
        for row in read_rows(DATA / f"humanevalx_{language}.jsonl.gz"):
            task = number(row["task_id"])
            if task % 2:
                code = row["declaration"] + row["canonical_solution"]
                label = f"HumanEval/{task} "
                planted.append(Planted("named", label, "", code, language))
                called = re.search(r"(\w+)\s*(?:=\s*)?\(", row["declaration"].split("\n", 99)[-2])
                assert called is not None
                hidden = code.replace(called[1], "solve")
                planted.append(Planted(f"nameless {language}", label, "", hidden, language))
    for path in sorted((DATA / "multipl_e_humaneval").iterdir()):
        for row in read_rows(path):
            if number(row["name"]) % 8 == 1:
                label = f"HumanEval/{number(row['name'])} "
                answer, language = row["gpt_solution"], path.name.partition(".")[0]
                planted.append(Planted("MultiPL-E", label, "", answer, language))
    found = recall(audit(detector, planted))
    assert found["named"] >= 0.85
    assert found["MultiPL-E"] >= 0.95
    assert found["nameless java"] >= 0.4
    assert found["nameless js"] >= 0.33
    assert found["nameless cpp"] >= 0.15


def test_what_a_person_reworded_is_found_with_its_code(
    detector: Detector, humaneval: list[Item]
) -> None:
    """The description alone was reworded beyond words that are shared; that is not promised."""
    planted: list[Planted] = []
    for line in PARAPHRASES.read_text().splitlines():
        row = json.loads(line)
        item = humaneval[row["task"]]
        if row["task"] % 2:
            copy = disguise("renamed", "", program(item, item.solutions[0]))
            planted.append(Planted("reworded", item.label, row["text"], copy.code))
    assert len(planted) > 15
    assert recall(audit(detector, planted))["reworded"] >= 0.75


def test_other_solutions_of_the_same_name_are_found(
    detector: Detector, humaneval: list[Item]
) -> None:
    """What StarCoder2 wrote: other code under the same name, without documentation."""
    planted: list[Planted] = []
    for row in read_rows(DATA / "starcoder2_instruct_humaneval_samples.jsonl.gz"):
        item = humaneval[number(row["task_id"])]
        if number(row["task_id"]) % 2:
            copy = disguise("undocumented", "", program(item, row["completion"]))
            planted.append(Planted("named", item.label, copy.text, copy.code))
    assert recall(audit(detector, planted))["named"] >= 0.85


def test_real_code_is_left_alone(detector: Detector) -> None:
    """A part of the library that runs this test; all of it is in `make bench`'s measurement."""
    root = Path(json.__file__).parents[1]
    clean = [
        (found.where, found.code)
        for name in ("asyncio", "json", "email", "http", "logging", "concurrent", "importlib")
        for found in real_functions([root / name])
    ]
    assert len(clean) > 1000
    result = audit(detector, (), clean)
    assert result.clean == len(clean)
    assert len(result.hits) <= 0.005 * len(clean), [(w, m.detail) for w, m in result.hits]
