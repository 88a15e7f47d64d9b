"""Progress of a run in stages, and its funnel, on a terminal."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.progress import TaskID

    from veristone.generators.seeds.funnel import Funnel
    from veristone.generators.seeds.pipeline.run import Progress as Step

__all__ = ["StageProgress", "print_funnel"]


class StageProgress:
    """One bar per stage on a terminal; elsewhere one line when a stage ends."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._tasks: dict[str, TaskID] = {}
        self._bars: Progress | None = None
        if not quiet and sys.stderr.isatty():
            self._bars = Progress(
                TextColumn("{task.description:<24}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[kept]:>12,} seeds"),
                TimeElapsedColumn(),
                console=Console(stderr=True),
            )

    def __enter__(self) -> Self:
        """Show the bars."""
        if self._bars is not None:
            self._bars.start()
        return self

    def update(self, step: "Step") -> None:
        """Show how far a stage is."""
        if self._bars is None:
            if step.done == step.parts and not self._quiet:
                print(f"{step.stage}: {step.kept:,} seeds", file=sys.stderr)
            return
        if step.stage not in self._tasks:
            self._tasks[step.stage] = self._bars.add_task(
                step.stage, total=step.parts, kept=step.kept
            )
        self._bars.update(
            self._tasks[step.stage], total=step.parts, completed=step.done, kept=step.kept
        )

    def close(self) -> None:
        """Leave the bars as they are."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the bars as they are."""
        self.close()


def print_funnel(funnel: "Funnel") -> None:
    """Print how many seeds each step was given, kept, and why it rejected the others."""
    from veristone.generators.pages.numbers import ranked
    from veristone.generators.seeds.report.sections import funnel_rows
    from veristone.text import line

    table = Table(title=f"{funnel.recipe}" + ("" if funnel.finished else " (unfinished)"))
    table.add_column("step")
    for name in ("given", "kept", "of step", "of all"):
        table.add_column(name, justify="right")
    table.add_column("main reasons", overflow="fold")
    for row in funnel_rows(funnel):
        # As text: what a corpus calls its things is no markup of ours.
        table.add_row(*(Text(cell) for cell in row))
    console = Console()
    console.print(table)
    for source in funnel.sources:
        if source.reasons:
            told = ", ".join(f"{name} {number:,}" for name, number in ranked(source.reasons))
            console.print(Text(f"left out of {line(source.source)}: {told}"))
