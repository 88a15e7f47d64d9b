"""The tiny model through vLLM in this process, for real."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from local_contract import Contract
from local_models import TASKS, References, ask, opened, vllm_settings

from veristone import Model, RequestRefused

pytest.importorskip("vllm", reason="vllm is not installed: make test-models")

pytestmark = [
    pytest.mark.vllm,
    # vLLM and torch warn of their own future; that is not ours to mend.
    pytest.mark.filterwarnings("default"),
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model(tiny: Path, references: References) -> AsyncIterator[Model]:
    async with opened(vllm_settings(tiny)) as model:
        yield model


class TestContract(Contract):
    """See `local_contract`."""


async def test_greedy_texts_are_those_of_transformers(references: References, model: Model) -> None:
    ours = await asyncio.gather(*(model.generate(ask(n)) for n in range(len(TASKS))))
    assert ours == references.greedy


async def test_logprobs_are_those_of_transformers(references: References, model: Model) -> None:
    (ours,) = (await model.generate(ask(0, logprobs=3, max_tokens=8))).completions
    (theirs,) = references.with_logprobs.completions
    assert len(ours.logprobs) == 8
    for one, reference in zip(ours.logprobs, theirs.logprobs, strict=True):
        assert one == pytest.approx(reference, abs=1e-3)


async def test_many_seeded_prompts_at_once(model: Model) -> None:
    """vLLM 0.32 on a CPU died of seeds when prompts had to be read in pieces."""
    requests = [ask(n % 40, n=10, temperature=0.8, seed=n) for n in range(60)]
    answers = await asyncio.gather(*(model.generate(one) for one in requests))
    assert [len(one.completions) for one in answers] == [10] * 60


async def test_more_logprobs_than_the_engine_gives_are_refused(model: Model) -> None:
    with pytest.raises(RequestRefused, match="request many"):
        await model.generate(ask(0, id="many", logprobs=500))
    assert (await model.generate(ask(0))).completions
