"""The tiny model, trained once, and what transformers makes of it."""

import asyncio
from pathlib import Path

import pytest
from local_models import TASKS, References, ask, need, opened

from veristone.generators.models.config import TransformersConfig
from veristone.training.tiny.model import SMALL, make_tiny_model


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let vLLM come last: where it ran, transformers cannot load StarCoder2 any more."""
    items.sort(key=lambda item: item.get_closest_marker("vllm") is not None)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model that writes in the right form; skips where torch is missing."""
    need("torch", "transformers")
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny-starcoder2", preset=SMALL)


@pytest.fixture(scope="session")
def references(tiny: Path) -> References:
    """What other ways to run the model are held against. Made before vLLM runs in this process."""

    async def answers() -> References:
        config = TransformersConfig(model=str(tiny), dtype="float32", device="cpu", batch_size=40)
        async with opened(config) as model:
            greedy = [model.generate(ask(which)) for which in range(len(TASKS))]
            return References(
                greedy=await asyncio.gather(*greedy),
                with_logprobs=await model.generate(ask(0, logprobs=3, max_tokens=8)),
            )

    return asyncio.run(answers())
