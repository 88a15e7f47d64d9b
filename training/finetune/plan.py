"""How many steps there will be, and how a batch is spread over devices. Pure."""

import math
from dataclasses import dataclass

from veristone import ConfigError
from veristone.training.finetune.config import Settings

__all__ = ["Plan", "accumulation", "plan_steps"]


@dataclass(frozen=True, slots=True)
class Plan:
    """The optimizer steps of a run."""

    devices: int
    accumulation: int
    """Micro-batches that a device adds up before a step."""
    steps_per_epoch: int
    steps: int
    warmup_steps: int


def accumulation(settings: Settings, devices: int) -> int:
    """Return how many micro-batches of each device make one batch.

    Raises:
        ConfigError: the batch cannot be spread evenly.
    """
    at_once = settings.device_batch_size * devices
    if settings.batch_size % at_once:
        raise ConfigError(
            f"batch_size {settings.batch_size} cannot be spread over {devices} device(s) with"
            f" device_batch_size {settings.device_batch_size}: it must be a multiple of {at_once}"
        )
    return settings.batch_size // at_once


def plan_steps(settings: Settings, rows: int, devices: int) -> Plan:
    """Return the plan for `rows` rows an epoch; the last batch of an epoch may be smaller.

    Raises:
        ConfigError: the batch cannot be spread evenly over the devices.
    """
    micro = accumulation(settings, devices)
    on_each = math.ceil(math.ceil(rows / settings.device_batch_size) / devices)
    per_epoch = max(1, math.ceil(on_each / micro))
    if settings.max_steps is not None:
        steps = settings.max_steps
    else:
        assert settings.epochs is not None
        steps = math.ceil(settings.epochs * per_epoch)
    warmup = settings.warmup_steps or 0
    if settings.warmup_ratio is not None:
        warmup = math.ceil(settings.warmup_ratio * steps)
    return Plan(devices, micro, per_epoch, steps, warmup)
