"""The tiny model through transformers, for real."""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from local_contract import Contract
from local_models import TASKS, ask, need, opened

from veristone import (
    ConfigError,
    GenerationRequest,
    Message,
    Model,
    ModelUnavailable,
    RequestRefused,
)
from veristone.generators.code.answers import solution_in_answer
from veristone.generators.models.config import TransformersConfig
from veristone.training.tiny import prompts

pytest.importorskip("transformers", reason="transformers is not installed: make test-models")

pytestmark = [
    pytest.mark.models,
    # Torch and transformers warn of their own future; that is not ours to mend.
    pytest.mark.filterwarnings("default"),
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
]


def settings(folder: Path, **changes: Any) -> TransformersConfig:
    values: dict[str, Any] = {"model": str(folder), "dtype": "float32", "device": "cpu"}
    return TransformersConfig(**{**values, **changes})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model(tiny: Path) -> AsyncIterator[Model]:
    async with opened(settings(tiny, batch_size=16)) as model:
        yield model


class TestContract(Contract):
    """See `local_contract`."""


async def test_greedy_texts_are_those_of_generate(tiny: Path, model: Model) -> None:
    transformers = pytest.importorskip("transformers")
    library = transformers.AutoModelForCausalLM.from_pretrained(tiny)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny)
    ours = await asyncio.gather(*(model.generate(ask(n)) for n in range(16)))
    for n, answer in enumerate(ours):
        inputs = tokenizer(ask(n).prompt, return_tensors="pt")
        out = library.generate(**inputs, max_new_tokens=60, do_sample=False)
        theirs = tokenizer.decode(out[0, inputs.input_ids.shape[1] :], skip_special_tokens=True)
        assert answer.completions[0].text == theirs


async def test_it_writes_what_it_was_taught_to(model: Model) -> None:
    answers = await asyncio.gather(
        *(
            model.generate(ask(n, prompt=prompts.solution_prompt(task.instruction)))
            for n, task in enumerate(TASKS)
        )
    )
    found = [solution_in_answer(one.completions[0].text).code for one in answers]
    assert sum(code.startswith("def ") for code in found) > len(TASKS) / 2


@pytest.mark.parametrize("size", [1, 3, 64])
async def test_texts_do_not_depend_on_the_batch(tiny: Path, model: Model, size: int) -> None:
    requests = [ask(n, n=1 + n % 4, temperature=0.8, seed=n, stop=("assert",)) for n in range(10)]
    expected = await asyncio.gather(*(model.generate(one) for one in requests))
    shuffled = random.Random(size).sample(requests, len(requests))
    async with opened(settings(tiny, batch_size=size)) as other:
        answers = await asyncio.gather(*(other.generate(one) for one in shuffled))
    assert {one.id: one for one in answers} == {one.id: one for one in expected}


async def test_without_a_chat_template_messages_are_refused(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    shutil.copytree(tiny, folder)
    (folder / "chat_template.jinja").unlink()
    request = GenerationRequest(id="c", messages=(Message(role="user", content="hi"),))
    async with opened(settings(folder)) as model:
        with pytest.raises(RequestRefused, match=r"request c: .* no chat template"):
            await model.generate(request)
        assert (await model.generate(ask(0))).completions


async def test_closing_in_the_middle_ends_what_is_under_way(tiny: Path) -> None:
    async with opened(settings(tiny, batch_size=4)) as model:
        tasks = [
            asyncio.create_task(model.generate(ask(0, n=8, temperature=1.0, max_tokens=400)))
            for _ in range(20)
        ]
        await asyncio.sleep(0.2)
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert any(isinstance(one, ModelUnavailable) for one in done)
    assert all(isinstance(one, ModelUnavailable) or one.completions for one in done)  # pyright: ignore[reportAttributeAccessIssue]


async def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    need("transformers")
    with pytest.raises(ConfigError, match="gone: cannot be loaded"):
        async with opened(settings(tmp_path / "gone")):
            pass


async def test_a_device_that_is_not_there_is_named(tiny: Path) -> None:
    with pytest.raises(ConfigError, match="device 'cuda:7'"):
        async with opened(settings(tiny, device="cuda:7")):
            pass
