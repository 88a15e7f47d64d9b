"""What happens between the steps: the journal, and the end of a run that is asked to stop."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from veristone import VeristoneError
from veristone.training.finetune.journal import Evaluation, Journal, Step, write_journal

__all__ = ["JournalCallback", "TrainingFailed"]

_WRITE_EVERY_S = 5.0


class TrainingFailed(VeristoneError, RuntimeError):
    """A run cannot go on: the loss is no number any more, or memory ran out."""


class JournalCallback(TrainerCallback):
    """Writes the journal while training goes on, and ends it when asked to.

    Every process has one, because all of them must end after the same step; the first one writes.
    Steps and evaluations are those of the trainer's own log, which its checkpoints keep.

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
        self._began = self._written = time.monotonic()
        self.stopped = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock."""
        self._began = time.monotonic()
        self.write(state)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """End where the user wants it, all processes after the same step."""
        self._journal.attempts[-1].to_step = state.global_step
        if state.global_step >= state.max_steps:
            # The model itself is written next; a checkpoint would be a second copy of it.
            control.should_save = False
            control.should_evaluate = args.eval_strategy != "no"
        elif _anybody(self._stop(), args):
            self.stopped = True
            control.should_save = control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Write down what was logged, and end a run whose loss is no number."""
        if _is_step(logs):
            if not math.isfinite(logs["loss"]):
                raise TrainingFailed(
                    f"the loss is {logs['loss']} after step {state.global_step}: a lower"
                    " learning_rate, a longer warm-up or max_grad_norm = 1.0 may help; the"
                    " checkpoints before it are kept"
                )
            self._progress(_step(state.log_history[-1]))
        # Before a checkpoint, whatever the time: it is never younger than the journal.
        if control.should_save or time.monotonic() - self._written > _WRITE_EVERY_S:
            self.write(state)

    def write(self, state: Any) -> None:
        """Write the journal, times up to now."""
        journal, log = self._journal, state.log_history
        journal.steps = [_step(logs) for logs in log if _is_step(logs)]
        journal.evaluations = [
            Evaluation(step=logs["step"], loss=logs["eval_loss"], tokens=logs["eval_tokens"])
            for logs in log
            if "eval_loss" in logs
        ]
        self._written = time.monotonic()
        attempt = journal.attempts[-1]
        attempt.wall_s = round(self._written - self._began, 3)
        attempt.device_s = round(attempt.wall_s * attempt.processes, 3)
        if self._path is not None:
            write_journal(self._path, journal)


def _is_step(logs: Any) -> bool:
    return "loss" in logs and "learning_rate" in logs


def _step(logs: Any) -> Step:
    return Step(
        step=logs["step"],
        epoch=round(logs["epoch"], 4),
        loss=logs["loss"],
        learning_rate=logs["learning_rate"],
        grad_norm=logs.get("grad_norm"),
        tokens=logs["num_input_tokens_seen"],
    )


def _anybody(flag: bool, args: Any) -> bool:
    """Return whether any process was asked to stop; all of them get the same answer."""
    if args.world_size == 1:
        return flag
    told = torch.tensor(int(flag), device=args.device)
    torch.distributed.all_reduce(told, op=torch.distributed.ReduceOp.MAX)
    return bool(told.item())
