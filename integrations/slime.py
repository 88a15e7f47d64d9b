"""slime's custom reward: ``--custom-rm-path veristone.integrations.slime.reward``.

A sample without a verdict is taken out of the loss (`remove_sample`), which is slime's own way; its
reward of zero then means nothing. The service is named by ``VERISTONE_URL``, as slime hands no
settings to a function that it is given by name; ``VERISTONE_TOKEN`` holds a tenant's token.
"""

import asyncio
from typing import Any

from veristone import Client, Decision
from veristone.integrations.asking import Asker, asker_of_environment

__all__ = ["reward"]

_DEADLINE_S = 100.0


async def reward(
    args: Any, sample: Any, *, client: Client | None = None, **_: Any
) -> float | list[float]:
    """Return 1 for a pass and 0 for a failure, for one sample or for each of a list.

    Args:
        args: slime's own; not looked at.
        sample: what slime calls so (`response`, `label`), or a list of them. The label says how it
            is checked; see `veristone.forms.check_of`.
        client: asked in place of a service.
    """
    asker = asker_of_environment(_DEADLINE_S, client)
    if isinstance(sample, list):
        return await asyncio.gather(*(_one(asker, each) for each in sample))  # pyright: ignore[reportUnknownVariableType] - slime's own
    return await _one(asker, sample)


async def _one(asker: Asker, sample: Any) -> float:
    verdict = await asker.ask(sample.response, sample.label)
    if verdict.decision is Decision.UNDECIDED:
        sample.remove_sample = True
    return float(verdict.decision is Decision.PASS)
