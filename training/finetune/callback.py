"""What happens between the steps: the journal, and the end of a run that is asked to stop."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from veristone import VeristoneError
from veristone.training.finetune.journal import Attempt, Evaluation, Journal, Step, write_journal

__all__ = ["JournalCallback", "TrainingFailed"]

_WRITE_EVERY_S = 5.0


class TrainingFailed(VeristoneError, RuntimeError):
    """A run cannot go on: the loss is no number any more, or memory ran out."""


class JournalCallback(TrainerCallback):
    """Writes the journal while training goes on, and ends it when asked to.

    Every process has one, because all of them must end after the same step; the first one writes.

    Args:
        journal: of the run; its last attempt is the one at hand.
        path: of the journal, None for all processes but the first.
        stop: asked after every step.
        progress: called after every step.
    """

    def __init__(
        self,
        journal: Journal,
        path: Path | None,
        stop: Callable[[], bool],
        progress: Callable[[Step], None],
    ) -> None:
        self._journal = journal
        self._path = path
        self._stop = stop
        self._progress = progress
        self._began = self._last = self._written = 0.0
        self._tokens = 0
        self.stopped = False

    @property
    def _attempt(self) -> Attempt:
        return self._journal.attempts[-1]

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock."""
        self._began = self._last = time.monotonic()
        self._tokens = state.num_input_tokens_seen
        self.write()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """End where the user wants it, all processes after the same step."""
        self._attempt.to_step = state.global_step
        if state.global_step >= state.max_steps:
            # The model itself is written next; a checkpoint would be a second copy of it.
            control.should_save = False
            control.should_evaluate = args.eval_strategy != "no"
        elif _anybody(self._stop(), args):
            self.stopped = True
            control.should_save = control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Write a step or an evaluation down."""
        logs = logs or {}
        if "eval_loss" in logs:
            found = Evaluation(
                step=state.global_step, loss=logs["eval_loss"], tokens=logs["eval_tokens"]
            )
            self._journal.evaluations.append(found)
        if "loss" in logs and "learning_rate" in logs:
            self._step(state, logs)
        # Before a checkpoint, whatever the time: it is never younger than the journal.
        if control.should_save or time.monotonic() - self._written > _WRITE_EVERY_S:
            self.write()

    def write(self) -> None:
        """Write the journal, times up to now."""
        now = self._written = time.monotonic()
        if self._began:
            self._attempt.wall_s = round(now - self._began, 3)
            self._attempt.device_s = round(self._attempt.wall_s * self._attempt.processes, 3)
        if self._path is not None:
            write_journal(self._path, self._journal)

    def _step(self, state: Any, logs: Any) -> None:
        now, tokens = time.monotonic(), state.num_input_tokens_seen
        step = Step(
            step=state.global_step,
            epoch=round(state.epoch, 4),
            loss=logs["loss"],
            learning_rate=logs["learning_rate"],
            grad_norm=logs.get("grad_norm"),
            tokens=tokens,
            tokens_per_s=round((tokens - self._tokens) / max(now - self._last, 1e-9), 1),
        )
        self._last, self._tokens = now, tokens
        if not math.isfinite(step.loss):
            raise TrainingFailed(
                f"the loss is {step.loss} after step {step.step}: a lower learning_rate, a longer"
                " warm-up or max_grad_norm = 1.0 may help; the checkpoints before it are kept"
            )
        self._journal.steps.append(step)
        self._progress(step)


def _anybody(flag: bool, args: Any) -> bool:
    """Return whether any process was asked to stop; all of them get the same answer."""
    if args.world_size == 1:
        return flag
    told = torch.tensor(int(flag), device=args.device)
    torch.distributed.all_reduce(told, op=torch.distributed.ReduceOp.MAX)
    return bool(told.item())
