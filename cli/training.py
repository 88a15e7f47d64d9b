"""The progress of a training run on a terminal, and silence elsewhere."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from veristone.training.finetune.journal import Step
    from veristone.training.finetune.plan import Plan

__all__ = ["TrainingProgress"]


class TrainingProgress:
    """Shows steps, loss and speed."""

    def __init__(self, *, quiet: bool) -> None:
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        if not quiet and sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[figures]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )

    def __enter__(self) -> Self:
        """Do nothing yet: the bar appears when the number of steps is known."""
        return self

    def begin(self, plan: "Plan", step: int) -> None:
        """Show the bar."""
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task(
                "training", total=plan.steps, completed=step, figures="loading"
            )

    def step(self, step: "Step") -> None:
        """Show a step's numbers."""
        if self._bar is not None and self._task is not None:
            figures = f"loss {step.loss:.3f}  {step.tokens_per_s:,.0f} tokens/s"
            self._bar.update(self._task, completed=step.step, figures=figures)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
