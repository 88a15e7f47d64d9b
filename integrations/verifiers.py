"""Prime Intellect's verifiers 0.4: a reward of a taskset, by one line of its configuration.

    [env.taskset.task.rewards]
    verified = { fn = "veristone.integrations.verifiers:verified", weight = 1.0 }

The service is named by ``VERISTONE_URL``, and a tenant's token by ``VERISTONE_TOKEN``.
"""

from typing import Any

from veristone import Client, Decision, SandboxFailure
from veristone.integrations.asking import asker_of_environment

__all__ = ["verified"]

_DEADLINE_S = 120.0


async def verified(task: Any, trace: Any, *, client: Client | None = None) -> float:
    """Return 1 for a pass and 0 for a failure of the last reply.

    Args:
        task: the task's data; its `tests` say how the reply is checked, see
            `veristone.forms.check_of`.
        trace: of the rollout.
        client: asked in place of a service.

    Raises:
        SandboxFailure: there is no verdict. verifiers records that as an error of the task and
            tries the rollout again; a zero it would take for a wrong answer.
    """
    verdict = await asker_of_environment(_DEADLINE_S, client).ask(trace.last_reply, task.tests)
    if verdict.decision is Decision.UNDECIDED:
        raise SandboxFailure(f"no verdict: {verdict.message}")
    return float(verdict.decision is Decision.PASS)
