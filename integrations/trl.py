"""TRL's reward functions: `GRPOTrainer(reward_funcs=reward("http://127.0.0.1:8080"))`.

Needs trl 1.6 or newer: before, a None among the rewards became a zero (TRL's pull request 5902).
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from veristone import Client, Decision, InvalidSample, Verdict
from veristone.integrations.asking import Asker, share

__all__ = ["reward"]

Reward = Callable[..., Coroutine[Any, Any, list[float | None]]]


def reward(
    *urls: str,
    column: str = "tests",
    partial: bool = False,
    language: str = "python",
    token: str | None = None,
    deadline_s: float = 120.0,
    cpu_s: float = 10.0,
    client: Client | None = None,
) -> Reward:
    """Return a reward function: 1 for a pass, 0 for a failure, None where there is no verdict.

    TRL leaves out a completion whose reward is None; a fault of the verifier is no wrong answer.
    A row whose column holds None is one of another task: it is not asked about and has no verdict.

    Args:
        urls: of services.
        column: of the dataset, which says how a row is checked; see
            `veristone.forms.check_of` for the forms it may have.
        partial: the share of tests that passed, in place of 0, for what failed.
        language: of the completions.
        token: of a tenant.
        deadline_s: seconds that a completion may take, its waiting included.
        cpu_s: CPU seconds of each run of a program.
        client: asked in place of services.
    """
    asker = Asker(*urls, token=token, deadline_s=deadline_s, cpu_s=cpu_s, client=client)

    async def asked(completion: Any, check: Any) -> Verdict | None:
        return None if check is None else await asker.ask(completion, check, language)

    async def veristone_reward(
        completions: Sequence[Any],
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        if column not in columns:
            raise InvalidSample(
                f"the dataset has no column {column!r}; it has: {', '.join(sorted(columns))}"
            )
        rows = zip(completions, columns[column], strict=True)
        verdicts = await asyncio.gather(*(asked(completion, check) for completion, check in rows))
        undecided = [
            verdict is not None and verdict.decision is Decision.UNDECIDED for verdict in verdicts
        ]
        if log_metric is not None:
            log_metric("undecided", sum(undecided) / max(1, len(undecided)))
        return [
            None
            if verdict is None or left_out
            else share(verdict)
            if partial
            else float(verdict.decision is Decision.PASS)
            for verdict, left_out in zip(verdicts, undecided, strict=True)
        ]

    return veristone_reward
