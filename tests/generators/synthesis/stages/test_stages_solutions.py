"""Functions that are completed, with asserts from a second request; and CodeT's recordings."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
from stage_parts import answer, template

from veristone import Completion, Generation
from veristone.generators.seeds.records import Provenance, Seed
from veristone.generators.synthesis.read_input import Tasks, read_input
from veristone.generators.synthesis.recipe import Recipe, load_recipe
from veristone.generators.synthesis.records import Record
from veristone.generators.synthesis.stages.base import Sampling
from veristone.generators.synthesis.stages.solutions import Solutions
from veristone.settings import checked

HEAD = 'def double(x):\n    """Return twice x."""\n'
SEED = Seed(id="t/1", code=HEAD, language="python", name="double", provenance=Provenance(source=""))
RECORD = Record(id="t/1", seed=SEED, instruction=HEAD)
GOOD, ASSERTS = "    return 2 * x\n", "double(1) == 2\nassert double(0) == 0\nassert double("
SAMPLING = Sampling(n=2, temperature=0.8, max_tokens=30)
STAGE = Solutions(
    template=template("{{ record.seed.code }}"),
    tests_template=template("{{ record.seed.code }}    pass\n\n# check\nassert "),
    sampling=SAMPLING,
    tests_max_tokens=40,
)
DATA = Path(__file__).parents[5] / "shared" / "data"


def pair(solution: Completion, tests: Completion) -> tuple[str, str, str]:
    """The reason, the code and the tests of one pair."""
    whole = Completion(text=GOOD)
    given = [
        Generation(id="a", completions=(solution, whole)),
        Generation(id="b", completions=(tests, Completion(text=ASSERTS))),
    ]
    result = STAGE.read(RECORD, given, 0)
    assert len(result.kept) + len(result.refused) == 2
    assert result.kept[-1].id == "t/1/1"
    if result.refused:
        assert result.refused[0].record.id == "t/1/0"
        return result.refused[0].reason, "", ""
    return "", result.kept[0].code, result.kept[0].tests


def test_two_requests() -> None:
    first, second = STAGE.requests(RECORD, 0)
    assert (first.id, second.id) == ("solutions/t/1", "solutions.tests/t/1")
    assert first.prompt == HEAD
    assert second.prompt == f"{HEAD}    pass\n\n# check\nassert "
    assert (first.n, first.max_tokens, first.stop) == (2, 30, ())
    assert (second.n, second.max_tokens, second.stop) == (2, 40, ())
    assert first.seed != second.seed


def test_a_solution_goes_with_the_asserts_of_its_number() -> None:
    given = [
        answer(GOOD, "    return x + x\n\nprint(1)", name="solutions/t/1"),
        answer(ASSERTS, "double(3) == 6\nx", name="solutions.tests/t/1"),
    ]
    one, two = STAGE.read(RECORD, given, 0).kept
    assert (one.id, two.id) == ("t/1/0", "t/1/1")
    assert one.code == f"{HEAD}{GOOD}"
    assert two.code == f"{HEAD}    return x + x\n"
    assert one.tests == "assert double(1) == 2\nassert double(0) == 0"
    assert two.tests == "assert double(3) == 6"
    assert one.response == f"```python\n{one.code}```"
    assert [trace.request for trace in one.traces] == ["solutions/t/1", "solutions.tests/t/1"]
    assert one.instruction == HEAD


@pytest.mark.parametrize(
    ("solution", "finish", "reason"),
    [
        (GOOD, "stop", ""),
        (GOOD + "\n\ndef other(", "length", ""),
        (GOOD, "length", "truncated"),
        ("    return 2 *", "stop", "does_not_parse"),
        ("", "stop", "empty"),
        ("    # nothing\n", "stop", "incomplete"),
        ("    pass\n", "stop", "incomplete"),
        ("print(double(2))", "stop", "incomplete"),
        ("    return 2 * x\n", "abort", "unfinished"),
        ("    return '\0'\n", "stop", "does_not_parse"),
    ],
)
def test_solutions(solution: str, finish: str, reason: str) -> None:
    found = pair(Completion(text=solution, finish_reason=finish), Completion(text=ASSERTS))
    assert found[0] == reason
    assert bool(found[1]) == (not reason)


@pytest.mark.parametrize(
    ("text", "finish", "expected"),
    [
        (ASSERTS, "length", "assert double(1) == 2\nassert double(0) == 0"),
        ("double(1) == 2", "length", ""),
        ("double(1) == 2\n", "stop", "assert double(1) == 2"),
        ("\n", "stop", ""),
        ("____ == double\n", "stop", ""),
        ("True\nassert double(1) == 2\n", "stop", "assert double(1) == 2"),
        ("double(1) == double(1)\n", "stop", ""),
        ("other(1) == 2\n", "stop", ""),
        ("double(1) == 2\nassert double(1) == 2\n", "stop", "assert double(1) == 2"),
    ],
)
def test_asserts_of_a_continuation(text: str, finish: str, expected: str) -> None:
    given = Completion(text=text, finish_reason=finish)
    answers = [answer(GOOD), Generation(id="b", completions=(given,))]
    result = STAGE.read(RECORD, answers, 0)
    assert [record.tests for record in result.kept] == ([expected] if expected else [])
    assert [refusal.reason for refusal in result.refused] == ([] if expected else ["no_tests"])


def test_a_solution_without_asserts_of_its_number_goes_with_the_next() -> None:
    given = [answer(GOOD, GOOD, GOOD), answer("\n", "double(3) == 6\nx", "\n")]
    records = STAGE.read(RECORD, given, 0).kept
    assert [record.tests for record in records] == ["assert double(3) == 6"] * 3
    assert [record.id for record in records] == ["t/1/0", "t/1/1", "t/1/2"]


def test_as_many_asserts_as_asked_for() -> None:
    stage = STAGE.model_copy(update={"max_asserts": 1, "sampling": Sampling(n=1)})
    [kept] = stage.read(RECORD, [answer(GOOD), answer(ASSERTS)], 0).kept
    assert kept.tests == "assert double(1) == 2"


def test_equal_solutions_are_counted_each() -> None:
    assert len(STAGE.read(RECORD, [answer(GOOD, GOOD), answer(ASSERTS, ASSERTS)], 0).kept) == 2


def test_solutions_without_asserts_may_be_permitted() -> None:
    stage = STAGE.model_copy(update={"permit": ("no_tests",)})
    [one] = stage.read(RECORD, [answer(GOOD), answer("\n")], 0).kept
    assert one.tests == ""
    one, _ = stage.read(RECORD, [answer(GOOD, GOOD), answer("\n", ASSERTS)], 0).kept
    assert one.tests


def test_both_texts_of_a_refused_pair_are_kept() -> None:
    [refusal, _] = STAGE.read(RECORD, [answer(GOOD, "x ="), answer("\n", "\n")], 0).refused
    assert GOOD in refusal.text
    assert "assert " in refusal.text


def test_examples_before_the_head_are_no_part_of_the_code() -> None:
    stage = STAGE.model_copy(
        update={"template": template("def one(): return 1\n\n{{ seed_code }}\n")}
    )
    kept = stage.read(RECORD, [answer(GOOD, GOOD), answer(ASSERTS, ASSERTS)], 0).kept
    assert kept[0].code == f"{HEAD}{GOOD}"


def test_code_is_not_talked_about() -> None:
    with pytest.raises(ValueError, match="continued"):
        Solutions(template=template("=== user\nx", "x.chat.jinja"), tests_template=template("x"))


def recorded(name: str) -> dict[str, list[str]]:
    path = DATA / f"codegen16b_humaneval_{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not there: see the README of shared/data")
    with gzip.open(path, "rt") as file:
        return {row["prompt"]: row["samples"] for row in map(json.loads, file)}


def test_codegens_recordings_are_read_as_if_generated() -> None:
    """82 tasks, 100 solutions and 100 continuations each: CodeT, arXiv 2207.10397."""
    solutions, tests = recorded("solutions"), recorded("tests")
    recipe = checked(Recipe, load_recipe("solutions"), "solutions")
    stage = recipe.stages[0]
    assert isinstance(recipe.input, Tasks)
    counts: Counter[str] = Counter()
    records = list(read_input(recipe.input, DATA / "codegen16b_humaneval_solutions.jsonl.gz"))
    assert len(records) == 82
    for record in records[::4]:
        first, second = stage.requests(record, 0)
        answers = [answer(*solutions[first.prompt]), answer(*tests[second.prompt])]
        result = stage.read(record, answers, 0)
        assert len(result.kept) + len(result.refused) == 100
        counts["kept"] += len(result.kept)
        counts.update(refusal.reason for refusal in result.refused)
        for kept in result.kept:
            assert kept.code.startswith(record.instruction.rstrip())
            assert 1 <= len(kept.tests.split("\nassert ")) <= 5
    assert set(counts) <= {"kept", "no_tests", "incomplete", "does_not_parse", "empty", "imports"}
    assert counts["kept"] > 150
