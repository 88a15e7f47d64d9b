"""vLLM in this process, opened and closed: what it does not find, what kills it, a second life."""

import asyncio
import multiprocessing
from pathlib import Path

import pytest
from local_models import ask, opened, vllm_settings

from veristone import ConfigError, ModelUnavailable

pytest.importorskip("vllm", reason="vllm is not installed: make test-models")

pytestmark = [
    pytest.mark.vllm,
    # vLLM and torch warn of their own future; that is not ours to mend.
    pytest.mark.filterwarnings("default"),
    pytest.mark.timeout(600),
]


async def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gone: cannot be loaded"):
        async with opened(vllm_settings(tmp_path / "gone")):
            pass


async def test_an_engine_that_dies_takes_its_requests_with_it_and_another_can_be_opened(
    tiny: Path,
) -> None:
    async with opened(vllm_settings(tiny)) as model:
        before = (await model.generate(ask(0))).completions
        for process in multiprocessing.active_children():
            process.kill()
        for _ in range(2):
            with pytest.raises(ModelUnavailable, match="the engine broke"):
                await model.generate(ask(1))
    async with opened(vllm_settings(tiny)) as model:
        assert (await model.generate(ask(0))).completions == before


async def test_closing_in_the_middle_ends_what_is_under_way(tiny: Path) -> None:
    async with opened(vllm_settings(tiny)) as model:
        tasks = [
            asyncio.create_task(model.generate(ask(0, n=8, temperature=1.0, max_tokens=400)))
            for _ in range(40)
        ]
        await asyncio.sleep(0.1)
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert any(isinstance(one, ModelUnavailable) for one in done)
