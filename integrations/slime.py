"""slime's custom reward: ``--custom-rm-path veristone.integrations.slime.reward``.

A sample without a verdict is taken out of the loss (`remove_sample`), which is slime's own way. Its
reward of zero still counts in the mean of its group, against which the others are held. It does not
with ``--custom-reward-post-process-path veristone.integrations.slime.normalized``. The service is
named by ``VERISTONE_URL``, as slime hands no settings to a function that it is given by name;
``VERISTONE_TOKEN`` holds a tenant's token.

Contract read from slime/rollout/rm_hub and slime/ray/rollout.py at 624b824.
"""

import asyncio
import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from veristone import Client, Decision
from veristone.integrations.asking import Asker, asker_of_environment

__all__ = ["normalized", "reward"]

_DEADLINE_S = 100.0
_BY_STD = ("grpo", "gspo", "cispo")
_BY_MEAN = (*_BY_STD, "reinforce_plus_plus_baseline")
"""Estimators of slime's whose rewards are held against their group's."""
_EPSILON = 1e-6
"""As slime adds it to a deviation."""


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


def normalized(args: Any, samples: Sequence[Any]) -> tuple[list[float], list[float]]:
    """Return rewards as they are, and as slime normalizes them, without samples taken out.

    A group's mean and deviation are those of its samples with a verdict; without one the normalized
    reward is 0: it neither gains nor loses.

    Args:
        args: slime's own: `advantage_estimator`, `rewards_normalization`, `grpo_std_normalization`.
        samples: of all groups, each with its `group_index`.
    """
    raw = [float(each.get_reward_value(args)) for each in samples]
    if not args.rewards_normalization or args.advantage_estimator not in _BY_MEAN:
        return raw, raw
    groups: defaultdict[Any, list[float]] = defaultdict(list)
    for each, value in zip(samples, raw, strict=True):
        if not each.remove_sample:
            groups[each.group_index].append(value)
    by_std = args.grpo_std_normalization and args.advantage_estimator in _BY_STD
    rewards = [
        0.0 if each.remove_sample else _held(value, groups[each.group_index], by_std=by_std)
        for each, value in zip(samples, raw, strict=True)
    ]
    return raw, rewards


def _held(value: float, group: Sequence[float], *, by_std: bool) -> float:
    """Return a reward as it is held against those of its group, its own among them."""
    above = value - statistics.fmean(group)
    if not by_std:
        return above
    return above / (statistics.stdev(group) + _EPSILON) if len(group) > 1 else 0.0
