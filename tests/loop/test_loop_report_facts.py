"""The facts of a run are those of its files, whichever variant's name they lie under."""

import json
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
import pytest
from report_runs import Size, write_recipe

from veristone import Decision
from veristone.generators.synthesis.records import Record
from veristone.loop.plan import plan
from veristone.loop.report.facts import Difference, Facts, Result
from veristone.loop.report.run import Trouble, read_run


def records(run: Path, number: int) -> list[Record]:
    path = run / f"round-{number}/synthesis/main/responses.jsonl"
    return [msgspec.json.decode(line, type=Record) for line in path.read_bytes().splitlines()]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def result(facts: Facts, label: str, variant: str, number: int) -> Result:
    found = [one for one in facts.results if (one.label, one.variant) == (label, variant)]
    return next(one for one in found if one.round == number)


def difference(facts: Facts, label: str, number: int, other: str) -> Difference:
    for one in facts.differences:
        if (one.label, one.round, one.other) == (label, number, other):
            return one
    raise AssertionError(f"no difference to {other}")


def test_a_whole_run_misses_nothing(whole: Facts) -> None:
    assert whole.missing == []
    assert whole.trouble == []
    assert whole.name == "coder-1b"
    assert list(whole.variants) == ["no-execution-filter", "failures-only"]


def test_verdicts_are_those_of_the_latest_round(whole_run: Path, whole: Facts) -> None:
    found = records(whole_run, 2)
    verdicts = whole.verdicts
    assert verdicts.responses == len(found)
    decisions = [one.verdict.decision for one in found if one.verdict is not None]
    passes = decisions.count(Decision.PASS)
    assert verdicts.passed == passes
    assert sum(rate.passed for rate in verdicts.rates["category"].values()) == passes
    by_difficulty = Counter(one.difficulty for one in found)
    rates = verdicts.rates["difficulty"]
    assert list(rates) == ["easy", "medium", "hard"]
    assert {name: rate.decided for name, rate in rates.items()} == by_difficulty
    groups = {one.id.partition("/")[0] for one in found}
    assert verdicts.instructions == len(groups)
    pairs = zip(found, decisions, strict=True)
    passed = {one.id.partition("/")[0] for one, decided in pairs if decided is Decision.PASS}
    assert verdicts.instructions_passed == len(passed)
    assert list(verdicts.samples) == ["passed", *verdicts.reasons, *verdicts.refusals]


def test_refusals_are_counted_by_stage_and_reason(whole_run: Path, whole: Facts) -> None:
    lines = (whole_run / "round-2/synthesis/main/refused.jsonl").read_bytes().splitlines()
    found = [msgspec.json.decode(line) for line in lines]
    counted = Counter(f"{one['stage']}: {one['reason']}" for one in found)
    assert whole.verdicts.refusals == counted


def test_the_funnel_goes_from_source_files_to_training_rows(whole: Facts) -> None:
    parts = [stage.part for stage in whole.funnel]
    assert parts == sorted(
        parts, key=["seeds", "synthesis", "selection", "dataset", "training"].index
    )
    assert whole.funnel[0].name == "functions"
    for stage in whole.funnel:
        lost = sum(stage.reasons.values())
        if stage.reasons and stage.kept <= stage.given:
            assert stage.given - stage.kept == lost, stage
    verify = next(stage for stage in whole.funnel if stage.name == "verify")
    first_of_selection = next(stage for stage in whole.funnel if stage.part == "selection")
    assert first_of_selection.given == verify.kept
    assert "decontamination" not in {stage.name for stage in whole.funnel}
    trained = next(one for one in whole.training if (one.variants, one.round) == (["main"], 2))
    assert whole.funnel[-1].kept == trained.samples


def test_results_are_those_of_evaluation(whole_run: Path, whole: Facts) -> None:
    assert len(whole.results) == 2 * (1 + 2 * 3)
    path = whole_run / "round-2/evaluation/main/humaneval+/results.json"
    scores = json.loads(path.read_text())["pass_at_k"]
    found = result(whole, "humaneval+", "main", 2)
    assert found.main is not None
    assert found.main in found.figures.plus
    assert found.main.k == 1
    assert found.main.mean == scores["plus"]["pass@1"]
    assert "T 0.8" in result(whole, "mbpp", "base", 0).settings


def test_differences_are_paired_by_task(whole_run: Path, whole: Facts) -> None:
    shares: list[dict[str, float]] = []
    for place in ("round-1/evaluation/main", "round-1/evaluation/no-execution-filter"):
        rows = json.loads((whole_run / place / "mbpp/results.json").read_text())["eval"]
        decided = {
            task: [
                row["base_status"] == "pass" for row in some if row["base_status"] != "undecided"
            ]
            for task, some in rows.items()
        }
        shares.append({task: fmean(some) for task, some in decided.items() if some})
    common = shares[0].keys() & shares[1].keys()
    found = difference(whole, "mbpp", 1, "no-execution-filter")
    assert found.tasks == len(common)
    assert found.mean == pytest.approx(fmean(shares[0][t] - shares[1][t] for t in common))
    assert found.low <= found.mean <= found.high


def test_a_variant_has_the_results_of_the_steps_that_it_shares(whole_run: Path) -> None:
    run = read_run(whole_run, Trouble(whole_run))
    assert run is not None
    main, control = run.steps("main", 1), run.steps("no-execution-filter", 1)
    assert list(main)[:4] == ["seeds", "synthesis", "selection", "dataset"]
    assert control["synthesis"] == main["synthesis"]
    assert control["selection"].variant == "no-execution-filter"
    assert control["seeds"] == main["seeds"]
    later = run.steps("no-execution-filter", 2)
    assert later["synthesis"].variant == "no-execution-filter"


def test_data_sets_stand_side_by_side(whole_run: Path, whole: Facts) -> None:
    number = len((whole_run / "round-2/selection/main/selected.jsonl").read_bytes().splitlines())
    data = whole.data
    assert data is not None
    assert [one.name for one in data.sets] == [
        "starcoder2-instruct, round 2",
        "starcoder2-instruct, round 1",
        "no-execution-filter, round 2",
        "failures-only, round 2",
        "seeds",
        "Evol-Instruct",
    ]
    first, evolved = data.sets[0], data.sets[-1]
    assert first.rows == number
    assert evolved.rows == 40
    assert set(data.tasks) == {"HumanEval+", "MBPP"}
    for one in data.sets:
        assert one.numbers.keys() == data.tasks.keys()
        for numbers in (one.categories, *one.numbers.values(), *one.lengths.values()):
            assert sum(numbers.values()) == one.rows
    assert list(data.sets[-2].lengths) == ["seed"]
    assert list(first.lengths) == list(evolved.lengths) == ["instruction", "response"]
    # "Write an SQL query over 0 tables that joins every row of the database on its primary key."
    assert min(evolved.lengths["instruction"]) == 19
    assert data.sorted_by == "keywords"
    assert evolved.categories == {"databases": 40}
    assert 0 < len(data.pairs) <= 5
    cosines = [pair.cosine for pair in data.pairs]
    assert cosines == sorted(cosines, reverse=True)
    rows = {one["id"] for one in lines(whole_run / "round-2/selection/main/selected.jsonl")}
    assert {pair.row for pair in data.pairs} <= rows


def test_costs_name_every_step(whole: Facts, whole_run: Path) -> None:
    marks = list(whole_run.rglob("step.json"))
    assert len(whole.costs) == len(marks)
    synthesis = next(one for one in whole.costs if one.name == "round-1/synthesis/main")
    assert synthesis.completion_tokens > 0
    training = next(one for one in whole.costs if one.name == "round-1/training/main")
    assert (training.device_s, training.starts) == (2800.0, 2)


def test_facts_hold_no_absolute_path(whole: Facts, whole_run: Path) -> None:
    text = msgspec.json.encode(whole).decode()
    assert str(whole_run) not in text
    assert str(whole_run.parent) not in text


def test_the_plan_of_a_recipe_is_what_the_fixture_fills(tmp_path: Path, whole_run: Path) -> None:
    names = [step.name for step in plan(write_recipe(tmp_path, rounds=Size().rounds))]
    assert {
        path.parent.relative_to(whole_run).as_posix() for path in whole_run.rglob("step.json")
    } == set(names)
