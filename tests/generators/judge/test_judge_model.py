"""The judge asks a model: once, with log-probabilities where there are some."""

import asyncio
import contextlib
import json
import math
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_model import FakeModel
from judge_seeds import asked_about, numbered, seed

from veristone import Completion, ConfigError, GenerationRequest, ModelUnavailable, RequestRefused
from veristone.generators.judge.judge import ModelJudge
from veristone.generators.judge.prompt import MAX_CHARACTERS, render
from veristone.generators.judge.store import FILE

Answer = Callable[[GenerationRequest], str | Completion | list[str]]


def said(yes: float, no: float, rest: float = 0.0) -> Completion:
    """A first token with these probabilities."""
    tops = {" Yes": yes, " No": no, " Perhaps": rest}
    return Completion(
        text=" Yes",
        finish_reason="length",
        logprobs=({token: math.log(value) for token, value in tops.items() if value},),
    )


def by_number(request: GenerationRequest) -> Completion:
    """Yes with the probability that the seed's number is of 10; half of the mass is elsewhere."""
    own = asked_about(request.prompt)
    if "double" in own:
        return said(0.5, 0.5)
    share = int(own.partition("Add ")[2].partition(".")[0]) / 10
    return said(share / 2, (1 - share) / 2, 0.5)


async def test_probabilities_are_of_yes_among_yes_and_no_and_both_are_kept() -> None:
    model = FakeModel(by_number)
    found = await ModelJudge(model).judge(numbered(10))
    assert [one.p_yes for one in found] == pytest.approx([n / 10 for n in range(10)])
    assert [one.seed for one in found] == [one.id for one in numbered(10)]
    assert found[3].logp_yes == pytest.approx(math.log(0.15))
    assert found[3].logp_no == pytest.approx(math.log(0.35))
    assert found[3].mass == pytest.approx(0.5)
    assert found[0].logp_yes is None


async def test_one_token_is_asked_for_and_the_deck_is_shared() -> None:
    model = FakeModel(by_number)
    await ModelJudge(model).judge(numbered(3))
    trial, *others = model.requests
    assert "double" in asked_about(trial.prompt)
    assert len(others) == 3
    for request in others:
        assert (request.max_tokens, request.n, request.temperature) == (1, 1, 0.0)
        assert request.logprobs == 20
        request.validate()
    assert len({request.id for request in model.requests}) == 4


async def test_neither_yes_nor_no_is_unclear_and_not_guessed() -> None:
    model = FakeModel(lambda request: said(0, 0, 1.0))
    (found,) = await ModelJudge(model).judge([seed()])
    assert (found.p_yes, found.refused) == (None, "")


@pytest.mark.parametrize("quiet", [False, True], ids=["refused", "left out"])
async def test_without_log_probabilities_it_is_no_judge(quiet: bool) -> None:
    def answer(request: GenerationRequest) -> str:
        if quiet:
            return " Yes"
        raise RequestRefused("no log-probabilities here")

    with pytest.raises(ConfigError, match=r"fake cannot be a judge.*no log-probabilities"):
        await ModelJudge(FakeModel(answer)).judge([seed()])


async def test_a_server_with_a_lower_limit_is_asked_for_fewer() -> None:
    def answer(request: GenerationRequest) -> Completion:
        if request.logprobs > 5:
            raise RequestRefused("at most 5")
        return said(0.9, 0.1)

    model = FakeModel(answer)
    judge = ModelJudge(model)
    found = await judge.judge(numbered(3))
    assert [one.p_yes for one in found] == pytest.approx([0.9] * 3)
    assert [request.logprobs for request in model.requests] == [20, 5, 5, 5, 5]


async def test_an_empty_answer_is_unclear() -> None:
    def answer(request: GenerationRequest) -> str | Completion:
        return "" if "Add 1." in request.prompt else said(0.9, 0.1)

    found = await ModelJudge(FakeModel(answer)).judge(numbered(3))
    assert [one.p_yes is None for one in found] == [False, True, False]


async def test_a_model_that_refuses_everything_is_no_judge() -> None:
    def answer(request: GenerationRequest) -> str:
        raise RequestRefused("only chats")

    model = FakeModel(answer, name="chatty")
    with pytest.raises(ConfigError, match=r"chatty cannot be a judge.*only chats"):
        await ModelJudge(model).judge(numbered(5))
    assert len(model.requests) == 2


async def test_a_refused_seed_is_that_seeds_affair() -> None:
    def answer(request: GenerationRequest) -> Completion:
        if "Add 1." in request.prompt:
            raise RequestRefused("prompt has 17,000\ntokens, the context 16,384")
        return said(0.9, 0.1)

    found = await ModelJudge(FakeModel(answer)).judge(numbered(3))
    assert [one.refused for one in found] == ["", "request_refused", ""]
    assert found[1].detail == "prompt has 17,000 tokens, the context 16,384"


async def test_what_is_too_long_is_not_asked() -> None:
    model = FakeModel(by_number)
    long = seed("def f():\n" + "    x = 1\n" * MAX_CHARACTERS)
    found = await ModelJudge(model).judge([long, *numbered(1)])
    assert found[0].refused == "too_long_to_judge"
    assert "at most 24,000" in found[0].detail
    assert found[1].p_yes == 0.0
    assert len(model.requests) == 2


async def test_nothing_is_asked_about_nothing() -> None:
    model = FakeModel(by_number)
    assert await ModelJudge(model).judge([]) == []
    assert not model.requests


async def test_many_are_under_way_at_once_and_no_more_than_so_many() -> None:
    async def answer(request: GenerationRequest) -> Completion:
        await asyncio.sleep(0.01)
        return said(0.9, 0.1)

    model = FakeModel(answer)
    await ModelJudge(model, workers=8).judge(numbered(50))
    assert 4 <= model.most_in_flight <= 8


async def test_what_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    first = ModelJudge(FakeModel(by_number), folder=tmp_path)
    found = await first.judge(numbered(5))
    again = FakeModel(by_number)
    second = ModelJudge(again, folder=tmp_path)
    assert await second.judge(numbered(5)) == found
    assert not again.requests
    await second.judge(numbered(7))
    assert len(again.requests) == 1 + 2  # the trial, and the two that are new


async def test_another_model_is_asked_anew(tmp_path: Path) -> None:
    await ModelJudge(FakeModel(by_number), folder=tmp_path).judge(numbered(2))
    other = FakeModel(by_number, name="other")
    await ModelJudge(other, folder=tmp_path).judge(numbered(2))
    assert len(other.requests) == 3


async def test_both_log_probabilities_can_be_read_from_the_file(tmp_path: Path) -> None:
    await ModelJudge(FakeModel(by_number), folder=tmp_path).judge(numbered(3))
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as base:
        found = base.execute("SELECT prompt, judgement FROM judgements").fetchall()
    rows = {prompt: json.loads(judgement) for prompt, judgement in found}
    one = numbered(3)[2]
    row = rows[render(one).key]
    assert row["seed"] == one.id
    assert row["p_yes"] == pytest.approx(0.2)
    assert row["logp_yes"] == pytest.approx(math.log(0.1))
    assert row["logp_no"] == pytest.approx(math.log(0.4))
    assert row["mass"] == pytest.approx(0.5)


async def test_refusals_are_not_kept(tmp_path: Path) -> None:
    context = 10

    def answer(request: GenerationRequest) -> Completion:
        if "double" not in asked_about(request.prompt) and context < 100:
            raise RequestRefused("too long")
        return said(0.9, 0.1)

    (found,) = await ModelJudge(FakeModel(answer), folder=tmp_path).judge([seed()])
    assert found.refused
    context = 100
    (found,) = await ModelJudge(FakeModel(answer), folder=tmp_path).judge([seed()])
    assert found.p_yes == pytest.approx(0.9)


async def test_a_model_that_is_lost_ends_it_and_what_it_said_stays(tmp_path: Path) -> None:
    lost = True

    async def answer(request: GenerationRequest) -> Completion:
        if lost and "Add 7." in request.prompt:
            await asyncio.sleep(0.05)
            raise ModelUnavailable("connection refused")
        return by_number(request)

    model = FakeModel(answer)
    with pytest.raises(ModelUnavailable, match=r"answers for 9 of these 10 .*connection refused"):
        await ModelJudge(model, folder=tmp_path).judge(numbered(10))
    lost = False
    model = FakeModel(answer)
    found = await ModelJudge(model, folder=tmp_path).judge(numbered(10))
    assert [one.p_yes for one in found] == pytest.approx([n / 10 for n in range(10)])
    assert len(model.requests) == 2  # the trial, and the one that was lost


async def test_other_errors_come_out_as_they_are() -> None:
    def answer(request: GenerationRequest) -> Completion:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        await ModelJudge(FakeModel(answer)).judge(numbered(3))


async def test_an_interruption_is_one() -> None:
    async def answer(request: GenerationRequest) -> Completion:
        await asyncio.sleep(60)
        raise AssertionError

    task = asyncio.create_task(ModelJudge(FakeModel(answer)).judge(numbered(3)))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_copies_of_a_seed_have_one_answer_each(tmp_path: Path) -> None:
    judge = ModelJudge(FakeModel(by_number), folder=tmp_path)
    found = await judge.judge([*numbered(2), *numbered(2)])
    assert [one.p_yes for one in found] == pytest.approx([0.0, 0.1, 0.0, 0.1])
