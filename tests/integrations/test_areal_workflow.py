"""AReaL's own workflow with our reward, and what it rejects.

Of areal 1.0.4, which wants torch and a hundred packages: tried in an environment of its own, and
skipped where there is none.
"""

import json
import pickle
import time
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from veristone import Client, SandboxFailure, SyncClient

pytest.importorskip("areal.workflow.rlvr", reason="areal is not installed")
TESTS = "assert f(1) == 2"


def answering(request: httpx.Request) -> httpx.Response:
    """A service that judges by words in the code."""
    code = json.loads(request.content)["code"]
    if "broken" in code:
        return httpx.Response(503, json={"error": "no sandbox"})
    decision, reason = ("pass", "passed") if "right" in code else ("fail", "wrong_answer")
    return httpx.Response(200, json={"id": "x", "decision": decision, "reason": reason})


class Tokenizer:
    """A token is a character."""

    pad_token_id = 0
    eos_token_id = 0

    def decode(self, tokens: list[int]) -> str:
        return "".join(map(chr, tokens))


class Engine:
    """Answers with what the row says."""

    def __init__(self, text: str) -> None:
        self._tokens = list(map(ord, text))

    async def agenerate(self, request: Any) -> Any:
        n = len(self._tokens)
        return SimpleNamespace(
            input_tokens=request.input_ids,
            output_tokens=self._tokens,
            input_len=len(request.input_ids),
            output_len=n,
            output_logprobs=[-1.0] * n,
            output_versions=[0] * n,
        )


def prompt_tokens(prompt: Any, tokenizer: Any, thinking: bool) -> list[int]:
    return [1, 2]


async def episode(answer: str) -> Any:
    """Return the trajectory of one answer."""
    settings = pytest.importorskip("areal.api.cli_args")
    from veristone.integrations.areal import VerifiedWorkflow

    workflow = VerifiedWorkflow(
        settings.GenerationHyperparameters(),
        Tokenizer(),
        client=Client("http://service", transport=httpx.MockTransport(answering)),
        deadline_s=0.3,
        get_input_ids_fn=prompt_tokens,
    )
    return await workflow.arun_episode(Engine(answer), {"messages": [], "tests": TESTS})


async def test_a_trajectory_has_the_verdict_as_its_reward() -> None:
    right, wrong = await episode("right"), await episode("wrong")
    assert (right["rewards"].item(), wrong["rewards"].item()) == (1.0, 0.0)
    assert right["loss_mask"].tolist() == [[0, 0, 1, 1, 1, 1, 1]]


async def test_a_trajectory_without_a_verdict_is_rejected() -> None:
    assert await episode("broken") is None


def test_the_reward_function_for_areals_pool_answers_or_raises_in_time() -> None:
    from veristone.integrations import areal

    assert pickle.loads(pickle.dumps(areal.reward)) is areal.reward
    with SyncClient("http://service", transport=httpx.MockTransport(answering)) as client:

        def reward(text: str) -> float:
            return areal.reward("", text, [], [], tests=TESTS, client=client, other=1)

        assert (reward("right"), reward("wrong")) == (1.0, 0.0)
        started = time.monotonic()
        with pytest.raises(SandboxFailure, match="no verdict"):
            reward("broken")
        assert time.monotonic() - started < 13


async def test_areals_own_executor_counts_it_as_rejected() -> None:
    """A None of the workflow is AReaL's word for a trajectory that is not trained on."""
    check: Any = pytest.importorskip("areal.infra").check_trajectory_format
    assert check(await episode("broken"))
    assert check(await episode("right"), batch_size=1)
