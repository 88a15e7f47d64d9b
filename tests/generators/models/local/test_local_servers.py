"""Real servers with the tiny model, asked as any server is: over HTTP."""

import asyncio
from collections.abc import Generator
from pathlib import Path

import pytest
from local_models import TASKS, References, ask, need, serving

from veristone import Completion, RequestRefused
from veristone.generators.models.config import OpenAIConfig
from veristone.generators.models.openai import OpenAIModel

pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.timeout(600)]
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


@pytest.fixture(scope="module")
def vllm_server(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    need("vllm")
    # The command `vllm serve` does not work in the CPU build: it asks for a distribution `vllm`.
    arguments = ["-m", "vllm.entrypoints.openai.api_server", "--model", str(tiny)]
    arguments += ["--served-model-name", "tiny", "--dtype", "float32", "--enforce-eager"]
    # A seed and a prompt in pieces are its death on a CPU: see `local/vllm_model.py`.
    arguments += ["--no-enable-chunked-prefill", "--kv-cache-memory-bytes", str(1 << 28)]
    log = tmp_path_factory.mktemp("server") / "vllm.log"
    with serving(arguments, log, VLLM_NO_USAGE_STATS="1", **ENVIRONMENT) as address:
        yield address


@pytest.fixture(scope="module")
def transformers_server(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    need("transformers", "uvicorn", "fastapi", "openai")
    arguments = ["-m", "transformers.cli.transformers", "serve", str(tiny)]
    arguments += ["--dtype", "float32", "--device", "cpu"]
    folder = tmp_path_factory.mktemp("server")
    # It lists the models in the hub's cache, and answers with an error where there is no cache.
    (folder / "hub").mkdir()
    with serving(arguments, folder / "log", HF_HOME=str(folder), **ENVIRONMENT) as address:
        yield address


@pytest.mark.vllm
async def test_vllm_serves_the_same_greedy_texts(references: References, vllm_server: str) -> None:
    async with OpenAIModel(OpenAIConfig(base_url=vllm_server)) as model:
        assert model.name == "tiny"
        answers = await asyncio.gather(*(model.generate(ask(n)) for n in range(len(TASKS))))
    assert [one.completions for one in answers] == [one.completions for one in references.greedy]


@pytest.mark.vllm
async def test_vllm_gives_n_and_the_same_for_a_seed(vllm_server: str) -> None:
    async with OpenAIModel(OpenAIConfig(base_url=vllm_server)) as model:
        requests = [ask(n, n=10, temperature=0.8, seed=n, stop=("zzz",)) for n in range(32)]
        answers = await asyncio.gather(*(model.generate(one) for one in requests))
        assert [len(one.completions) for one in answers] == [10] * 32
        assert len({one.text for one in answers[0].completions}) > 5
        assert (await model.generate(requests[0])).completions == answers[0].completions
        assert answers[0].prompt_tokens > 0
        assert answers[0].completion_tokens > 0


@pytest.mark.vllm
async def test_vllm_refuses_what_is_too_long(vllm_server: str) -> None:
    async with OpenAIModel(OpenAIConfig(base_url=vllm_server)) as model:
        with pytest.raises(RequestRefused):
            await model.generate(ask(0, prompt="def f(x):\n" * 300))
        assert (await model.generate(ask(0, logprobs=2, max_tokens=4))).completions[0].logprobs


@pytest.mark.models
async def test_transformers_serve_ignores_n_and_gives_n_all_the_same(
    tiny: Path, transformers_server: str
) -> None:
    config = OpenAIConfig(
        base_url=transformers_server,
        model=str(tiny),
        # Without it this server takes the likeliest token whatever the temperature.
        extra_body={"generation_config": '{"do_sample": true}'},
    )
    async with OpenAIModel(config) as model:
        answer = await model.generate(ask(0, n=10, temperature=0.8, seed=1))
    assert len(answer.completions) == 10
    assert all(isinstance(one, Completion) and one.finish_reason for one in answer.completions)
    assert len({one.text for one in answer.completions}) > 3
