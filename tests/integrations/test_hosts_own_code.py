"""Hosts' own code, unchanged, with our rewards, columns and replies in their places."""

import importlib
import sys
import tomllib
from collections.abc import Generator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hosts import host
from served import served

from veristone.integrations import ray as ours_for_ray
from veristone.integrations import verifiers as ours_for_verifiers
from veristone.integrations.asking import Asker

pytestmark = [pytest.mark.hosts, pytest.mark.bubblewrap, pytest.mark.slow]

TESTS = "assert add(1, 2) == 3"
RIGHT = "Here:\n```python\ndef add(a, b):\n    return a + b\n```\n"
WRONG = RIGHT.replace("a + b", "a - b")
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def url() -> Generator[str]:
    """The address of a service with real sandboxes."""
    with served("--sandboxes", "1") as (address, _):
        yield address


async def test_verifiers_scores_a_trace_by_one_line_of_its_configuration(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of verifiers 0.4.0: its table, its loader, its scoring and its error."""
    vf = host("verifiers.v1")
    told = '[rewards]\nverified = { fn = "veristone.integrations.verifiers:verified" }'
    config = vf.TaskConfig.model_validate(tomllib.loads(told))

    class Data(vf.TaskData):
        tests: str

    task = vf.Task(Data(idx=0, prompt="Add.", tests=TESTS), config)

    async def scored(reply: str, address: str) -> Any:
        def asker(*_: Any) -> Asker:
            return Asker(address, deadline_s=30.0 if address == url else 0.5)

        monkeypatch.setattr(ours_for_verifiers, "asker_of_environment", asker)
        trace = vf.Trace.model_construct(root_reply=reply, rewards={}, metrics={})
        await task.score(trace)
        return trace.reward

    assert (await scored(RIGHT, url), await scored(WRONG, url)) == (1.0, 0.0)
    with pytest.raises(vf.TaskError, match="no verdict"):
        await scored(RIGHT, NOBODY)


def start(ray: Any) -> None:
    """Start a small Ray. It gives its own node 30 s, which a busy machine may exceed."""
    for trial in (1, 2, 3):
        try:
            ray.init(
                num_cpus=2, include_dashboard=False, object_store_memory=2**27, log_to_driver=False
            )
            return
        except Exception as error:  # Ray has no other type for it
            ray.shutdown()
            if trial == 3 or "timed out during startup" not in str(error):
                raise


@pytest.mark.timeout(400)
def test_ray_data_maps_batches_with_ours(url: str) -> None:
    """Of Ray 2.55: actors of its own, batches as it cuts them, columns as it keeps them."""
    ray, data = host("ray"), host("ray.data")
    start(ray)
    try:
        rows = [{"code": code, "tests": [TESTS]} for code in (RIGHT, WRONG) * 3]

        def judged(address: str, deadline_s: float) -> Any:
            return (
                data.from_items(rows)
                .map_batches(
                    ours_for_ray.Verify,
                    fn_constructor_kwargs={"url": address, "deadline_s": deadline_s},
                    concurrency=1,
                    batch_size=2,
                )
                .to_pandas()
            )

        found = judged(url, 60.0)
        assert sorted(found["decision"]) == ["fail"] * 3 + ["pass"] * 3
        assert sorted(found["passed"]) == [0.0] * 3 + [1.0] * 3
        away = judged(NOBODY, 0.5)
        assert set(away["decision"]) == {"undecided"}
        assert away["passed"].isna().all(), "no verdict is no zero"
    finally:
        ray.shutdown()


class Tokenizer:
    """A token is a character."""

    def __call__(self, *, text: str, **_: Any) -> Any:
        return {"input_ids": [SimpleNamespace(tolist=lambda: list(map(ord, text)))]}

    def decode(self, tokens: list[int], **_: Any) -> str:
        return "".join(map(chr, tokens))


class Engine:
    """Answers every prompt with one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    async def generate(self, *_: Any, **named: Any) -> Any:
        tokens = list(map(ord, self._text))
        answer = SimpleNamespace(token_ids=tokens, logprobs=None, finish_reason="stop")
        return SimpleNamespace(outputs=[answer])


def openrlhfs_agent(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import OpenRLHF's module without what lies beside it: that wants DeepSpeed and CUDA."""
    found = host("openrlhf").__path__[0]
    beside = ModuleType("openrlhf.utils")
    beside.__path__ = [f"{found}/utils"]
    monkeypatch.setitem(sys.modules, "openrlhf.utils", beside)
    return importlib.import_module("openrlhf.utils.agent")


async def test_openrlhfs_executor_is_rewarded(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of OpenRLHF 0.11.2: what it decodes and posts, how it reads the reply, how it abstains."""
    agent = openrlhfs_agent(monkeypatch)
    params = SimpleNamespace(max_tokens=1000, logprobs=None)

    async def rewarded(text: str, address: str, most: int = 5000) -> Any:
        executor = agent.SingleTurnAgentExecutor(f"{address}/reward/openrlhf")
        prompt = f"{'Add two numbers. ' * 20}Like this:\n{RIGHT}"
        return await executor.execute(prompt, TESTS, params, most, Tokenizer(), Engine(text))

    right, wrong = await rewarded(RIGHT, url), await rewarded(WRONG, url)
    assert (right["reward"], wrong["reward"]) == ([1.0], [0.0])
    assert right["extra_logs"] == {"passed": [1.0]}
    # Of a prompt that is too long it keeps the end; the example in it is no answer either.
    assert (await rewarded("I cannot.", url, most=1200))["reward"] == [0.0]
    assert (await rewarded(RIGHT, NOBODY))["reward"] is None


def test_data_designers_remote_validator(url: str) -> None:
    """Of Data Designer 0.9.7."""
    params = host("data_designer.config.validator_params").RemoteValidatorParams
    validator = host("data_designer.engine.validators.remote").RemoteValidator
    rows = [{"code": code, "tests": TESTS} for code in (RIGHT, WRONG)]
    found = validator(params(endpoint_url=f"{url}/validate")).run_validation(rows)
    assert [each.is_valid for each in found] == [True, False]
