"""The place of the docstring judge."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sandboxed_seeds import seed, word

from veristone import ConfigError
from veristone.generators.judge.records import Judgement
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.sandboxed.judge import DocstringJudgeStep
from veristone.generators.seeds.steps import Rejected, Services, Unjudged

NOWHERE = Path("/nonexistent")


class Oracle:
    """Says what stands in the docstring."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def judge(self, seeds: Sequence[Seed]) -> list[Judgement]:
        self.asked += [each.docstring for each in seeds]
        return [
            Judgement(seed=each.id, p_yes=float(each.docstring), logp_yes=-0.5, mass=0.9)
            for each in seeds
        ]


def seeds(*probabilities: str) -> list[Seed]:
    return [seed(f"def f(): {i}", docstring=text) for i, text in enumerate(probabilities)]


@pytest.mark.parametrize(
    ("minimum", "expected"),
    [
        (0.5, ["kept", "unclear_docstring", "kept", "unclear_docstring", "no_docstring"]),
        (0.0, ["kept", "kept", "kept", "kept", "no_docstring"]),
        (1.0, ["kept", "unclear_docstring"] + ["unclear_docstring"] * 2 + ["no_docstring"]),
    ],
)
async def test_the_minimum_decides(minimum: float, expected: list[str]) -> None:
    oracle = Oracle()
    asked = seeds("1", "0.499", "0.5", "0", " ")
    outcomes = await DocstringJudgeStep(minimum=minimum).ask(asked, Services(judge=oracle), NOWHERE)
    assert [word(outcome) for outcome in outcomes] == expected
    assert oracle.asked == ["1", "0.499", "0.5", "0"]


async def test_without_a_judge_all_stay_and_are_counted() -> None:
    given = seeds("1", "0")
    outcomes = await DocstringJudgeStep().ask(given, Services(), NOWHERE)
    assert outcomes == [Unjudged(seed, "no_judge") for seed in given]


class Says:
    """A judge that says the same of every seed."""

    def __init__(self, **said: Any) -> None:
        self.said = said

    async def judge(self, seeds: Sequence[Seed]) -> list[Judgement]:
        return [Judgement(seed=each.id, **self.said) for each in seeds]


@pytest.mark.parametrize(
    ("said", "reason", "detail"),
    [
        (
            {"p_yes": 0.2, "logp_yes": -3.0, "logp_no": -1.6137, "mass": 0.25},
            "unclear_docstring",
            "probability of yes 0.200 (log-probabilities: yes -3.000, no -1.614)",
        ),
        (
            {"p_yes": 0.0, "logp_no": -0.01, "mass": 0.99},
            "unclear_docstring",
            "probability of yes 0.000 (log-probabilities: yes not reported, no -0.010)",
        ),
        (
            {"refused": "request_refused", "detail": "context of 16,384"},
            "request_refused",
            "context of 16,384",
        ),
    ],
)
async def test_a_rejection_says_what_was_answered(
    said: dict[str, Any], reason: str, detail: str
) -> None:
    step = DocstringJudgeStep()
    (outcome,) = await step.ask(seeds("x"), Services(judge=Says(**said)), NOWHERE)
    assert outcome == Rejected(reason, detail)


async def test_neither_yes_nor_no_stays_and_is_counted() -> None:
    given = seeds("x", "y")
    outcomes = await DocstringJudgeStep(minimum=1.0).ask(given, Services(judge=Says()), NOWHERE)
    assert outcomes == [Unjudged(seed, "unclear_answer") for seed in given]


async def test_a_recipe_that_names_a_model_is_not_run_without_it() -> None:
    step = DocstringJudgeStep(model="http://localhost:1/v1")
    with pytest.raises(ConfigError, match="localhost:1/v1 and there is no judge"):
        await step.ask(seeds("1"), Services(), NOWHERE)
