"""slime's custom reward: ``--custom-rm-path veristone.integrations.slime.reward``.

A sample without a verdict is taken out of the loss (`remove_sample`), which is slime's own way; its
reward of zero then means nothing. The service is named by ``VERISTONE_URL``, as slime hands no
settings to a function that it is given by name; ``VERISTONE_TOKEN`` holds a tenant's token.
"""

import asyncio
import functools
import os
from typing import Any

from veristone import Client, Decision
from veristone.integrations.asking import Asker

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
    asker = _asker(client)
    if isinstance(sample, list):
        return await asyncio.gather(*(_one(asker, each) for each in sample))  # pyright: ignore[reportUnknownVariableType] - slime's own
    return await _one(asker, sample)


async def _one(asker: Asker, sample: Any) -> float:
    verdict = await asker.ask(sample.response, sample.label)
    if verdict.decision is Decision.UNDECIDED:
        sample.remove_sample = True
    return float(verdict.decision is Decision.PASS)


@functools.lru_cache(maxsize=4)
def _asker(client: Client | None) -> Asker:
    url = os.environ.get("VERISTONE_URL", "http://127.0.0.1:8080")
    token = os.environ.get("VERISTONE_TOKEN")
    return Asker(*url.split(","), token=token, deadline_s=_DEADLINE_S, client=client)
