"""AReaL's rollout workflow whose reward is a verdict, by its name in the trainer's settings.

    trainer.train(
        workflow="veristone.integrations.areal.VerifiedWorkflow",
        workflow_kwargs={"url": "http://127.0.0.1:8080", "gconfig": ..., "tokenizer": ...},
    )

AReaL calls a reward function in a pool of processes, and what has no answer 15 s later, its wait
for a process included, is a reward of zero: such a function cannot abstain. A workflow can: it
returns None, and AReaL rejects the trajectory. So this one asks the service itself, without a pool.

A workflow of your own may use `reward`, which answers well within AReaL's 15 s or raises; AReaL
calls it again three times and then rejects the trajectory. For areal 1.0.4.
"""

from typing import Any

from areal.workflow.rlvr import RLVRWorkflow

from veristone import Client, Decision, SandboxFailure, SyncClient, Verdict
from veristone.integrations.asking import (
    Asker,
    sample_of,
    service_token,
    service_urls,
    share,
)

__all__ = ["VerifiedWorkflow", "reward"]

_FUNCTION_S = 10.0
"""Seconds of an answer to AReaL's pool, which gives up after 15."""


class VerifiedWorkflow(RLVRWorkflow):
    """AReaL's workflow of one answer a prompt, rewarded with 1 for a pass and 0 for a failure.

    Args:
        gconfig: how AReaL generates.
        tokenizer: AReaL's, or its name.
        url: of a service, or of several.
        column: of the dataset, which says how a row is checked; see
            `veristone.forms.check_of`.
        partial: the share of tests that passed, in place of 0, for what failed.
        token: of a tenant.
        deadline_s: seconds that an answer may take, its waiting included.
        cpu_s: CPU seconds of each run of a program.
        client: asked in place of services.
        settings: other arguments of `RLVRWorkflow`.
    """

    def __init__(
        self,
        gconfig: Any,
        tokenizer: Any,
        *,
        url: str | list[str] = "http://127.0.0.1:8080",
        column: str = "tests",
        partial: bool = False,
        token: str | None = None,
        deadline_s: float = 120.0,
        cpu_s: float = 10.0,
        client: Client | None = None,
        **settings: Any,
    ) -> None:
        # A reward function that is given by its name gets no pool before it is called.
        super().__init__(f"{__name__}.reward", gconfig, tokenizer, **settings)
        self.reward_fn = self.async_reward_fn = self._reward
        urls = (url,) if isinstance(url, str) else tuple(url)
        self._asker = Asker(*urls, token=token, deadline_s=deadline_s, cpu_s=cpu_s, client=client)
        self._column = column
        self._partial = partial

    async def _reward(
        self, prompt: str, completions: str, prompt_ids: Any, completion_ids: Any, **row: Any
    ) -> float:
        verdict = await self._asker.ask(completions, row.get(self._column))
        return _rewarded(verdict, partial=self._partial)

    async def arun_episode(self, engine: Any, data: dict[str, Any]) -> dict[str, Any] | None:
        """Return a trajectory with its reward, or None where there is no verdict."""
        try:
            return await super().arun_episode(engine, data)
        except SandboxFailure:
            return None


def reward(
    prompt: str,
    completions: str,
    prompt_ids: Any,
    completion_ids: Any,
    *,
    tests: Any,
    client: SyncClient | None = None,
    **row: Any,
) -> float:
    """Return 1 for a pass and 0 for a failure; `VERISTONE_URL` names the service.

    Args:
        prompt: not looked at, as the tokens.
        completions: what the model wrote: one text.
        prompt_ids: of the prompt.
        completion_ids: of the text.
        tests: the column that says how a row is checked.
        client: asked in place of a service.
        row: other columns.

    Raises:
        SandboxFailure: there is no verdict.
        InvalidSample: the row does not say how it is checked.
    """
    sample = sample_of(completions, tests)
    if client is not None:
        return _rewarded(client.verify(sample, _FUNCTION_S))
    with SyncClient(*service_urls(), token=service_token()) as opened:
        return _rewarded(opened.verify(sample, _FUNCTION_S))


def _rewarded(verdict: Verdict, *, partial: bool = False) -> float:
    if verdict.decision is Decision.UNDECIDED:
        raise SandboxFailure(f"no verdict: {verdict.message}")
    return share(verdict) if partial else float(verdict.decision is Decision.PASS)
