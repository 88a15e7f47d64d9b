"""What happens between the steps: the journal, checkpoints, interruption."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from veristone.training.finetune.checkpoints import mark_complete, prune
from veristone.training.finetune.errors import TrainingFailed
from veristone.training.finetune.journal import Attempt, Evaluation, Journal, Step, write_journal

__all__ = ["Watch"]

_WRITE_EVERY_S = 5.0


class Watch(TrainerCallback):
    """Writes the journal while training goes on, and ends it when asked to.

    Every process has one, because all of them must end after the same step; the first one writes.
    """

    def __init__(
        self,
        journal: Journal,
        attempt: Attempt,
        *,
        path: Path,
        keep: int,
        main: bool,
        evaluates: bool,
        stop: Callable[[], bool],
        progress: Callable[[Step], None],
    ) -> None:
        self._journal = journal
        self._attempt = attempt
        self._path = path
        self._keep = keep
        self._main = main
        self._evaluates = evaluates
        self._stop = stop
        self._progress = progress
        self._began = self._last = self._written = 0.0
        self._tokens = 0
        self.stopped = False

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
            control.should_evaluate = self._evaluates
        elif _anybody(self._stop(), args):
            self.stopped = True
            control.should_save = control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Write a step or an evaluation down."""
        logs = logs or {}
        if "eval_loss" in logs:
            self._journal.evaluations.append(
                Evaluation(
                    step=state.global_step, loss=logs["eval_loss"], tokens=logs["eval_tokens"]
                )
            )
        if "loss" in logs and "learning_rate" in logs:
            self._step(state, logs)
        if time.monotonic() - self._written > _WRITE_EVERY_S:
            self.write()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Count a checkpoint as one when every process has written its part."""
        _wait(args)
        self.write()
        if self._main:
            folder = Path(args.output_dir)
            mark_complete(folder / f"checkpoint-{state.global_step}")
            prune(folder, self._keep)

    def write(self) -> None:
        """Write the journal, times up to now."""
        now = self._written = time.monotonic()
        if self._began:
            self._attempt.wall_s = round(now - self._began, 3)
            self._attempt.device_s = round(self._attempt.wall_s * self._attempt.processes, 3)
        if self._main:
            write_journal(self._path, self._journal)

    def _step(self, state: Any, logs: Any) -> None:
        now = time.monotonic()
        tokens = state.num_input_tokens_seen
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


def _wait(args: Any) -> None:
    if args.world_size > 1:
        torch.distributed.barrier()
