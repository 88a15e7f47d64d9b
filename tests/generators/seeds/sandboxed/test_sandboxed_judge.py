"""The place of the docstring judge."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from sandboxed_seeds import seed, word

from generators.seeds.records import Seed
from generators.seeds.sandboxed.judge import DocstringJudgeStep
from generators.seeds.steps import Services
from veristone import ConfigError

NOWHERE = Path("/nonexistent")


class Oracle:
    """Says what stands in the docstring."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def judge(self, seeds: Sequence[Seed]) -> list[float]:
        self.asked += [each.docstring for each in seeds]
        return [float(each.docstring) for each in seeds]


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


async def test_without_a_judge_it_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match=r'absent = "skip"'):
        await DocstringJudgeStep().ask(seeds("1"), Services(), NOWHERE)


async def test_skipping_is_counted() -> None:
    step = DocstringJudgeStep(absent="skip")
    given = seeds("1", "0")
    assert await step.ask(given, Services(), NOWHERE) == given
    assert await step.ask(given, Services(), NOWHERE) == given
    assert step.unjudged == {"no_judge": 4}


@pytest.mark.parametrize("probability", [math.nan, -0.1, 1.1])
async def test_a_judge_that_gives_no_probability_is_no_judge(probability: float) -> None:
    with pytest.raises(RuntimeError, match="no probability"):
        await DocstringJudgeStep().ask(seeds(str(probability)), Services(judge=Oracle()), NOWHERE)


async def test_a_judge_that_answers_too_little_is_no_judge() -> None:
    class Short:
        async def judge(self, seeds: Sequence[Seed]) -> list[float]:
            return [1.0]

    with pytest.raises(RuntimeError, match="1 answers for 2"):
        await DocstringJudgeStep().ask(seeds("1", "1"), Services(judge=Short()), NOWHERE)
