"""What people read on a terminal: the one table and the one progress display of all commands."""

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from veristone import Decision, Isolation, Reason

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID
    from rich.text import Text

__all__ = [
    "STYLES",
    "Progress",
    "complain",
    "isolation_line",
    "print_table",
    "print_verdicts",
    "ranked",
]

STYLES = {Decision.PASS: "green", Decision.FAIL: "red", Decision.UNDECIDED: "yellow"}
_REFRESH_S = 0.1
_MOST_REASONS = 8


def complain(text: str) -> None:
    """Say what needs attention, in one line on stderr."""
    print(f"veristone: {text}", file=sys.stderr)


def print_table(
    columns: Sequence[str],
    rows: "Iterable[Sequence[str | Text]]",
    *,
    title: str = "",
    console: "Console | None" = None,
) -> None:
    """Print a table. A column whose name begins with ">" is of numbers; an empty row is a line.

    Cells are shown as they are: what a corpus calls its things is no markup of ours.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left")
    for name in columns:
        side = "right" if name.startswith(">") else "left"
        table.add_column(Text(name.removeprefix(">")), justify=side, overflow="fold")
    for row in rows:
        if row:
            table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
        else:
            table.add_section()
    (console or Console()).print(table)


def print_verdicts(
    reasons: Mapping[Reason, int], title: str, what: str, console: "Console | None" = None
) -> None:
    """Print how many verdicts there are of each reason."""
    from rich.text import Text

    total = sum(reasons.values())
    rows = [
        (
            Text(reason.decision, STYLES[reason.decision]),
            str(reason),
            f"{count:,}",
            f"{100 * count / total:.1f} %",
        )
        for reason in Reason
        if (count := reasons.get(reason, 0))
    ]
    print_table(["decision", "reason", f">{what}", ">share"], rows, title=title, console=console)


def ranked(reasons: Mapping[str, int]) -> str:
    """Return the most frequent reasons in one line."""
    found = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    told = [f"{name} {number:,}" for name, number in found[:_MOST_REASONS]]
    return ", ".join([*told, "…"] if len(found) > _MOST_REASONS else told)


def isolation_line(isolation: Isolation) -> str:
    """Return one line about the walls of the sandboxes."""
    name = isolation.backend + (f" ({isolation.runtime})" if isolation.runtime else "")
    missing = f"; not enforced here: {', '.join(isolation.missing)}" if isolation.missing else ""
    return f"isolation: {name}, {len(isolation.enforced)} layers tried and standing{missing}"


class Progress:
    """One bar for each thing that goes on, on a terminal; elsewhere only what is said."""

    def __init__(self, *, quiet: bool, keep: bool = False) -> None:
        """Make a display; with `keep` the bars stay on the terminal at the end."""
        self.quiet = quiet
        self.terminal = not quiet and sys.stderr.isatty()
        self._keep = keep
        self._tasks: dict[str, TaskID] = {}
        self._next = 0.0
        if self.terminal:
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bars

            self._bars = Bars(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TextColumn("{task.fields[text]}", markup=False),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=not keep,
            )

    def __enter__(self) -> Self:
        """Begin; a bar appears with the first `show`."""
        if self.terminal:
            self._bars.start()
        return self

    def show(
        self, name: str, text: str = "", done: float | None = None, total: float | None = None
    ) -> None:
        """Show how far something is; without `total` it is at work."""
        if not self.terminal:
            return
        now = time.monotonic()
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total, text=text)
        elif now < self._next and done != total:
            return
        self._next = now + _REFRESH_S
        self._bars.update(self._tasks[name], completed=done, total=total, text=text)

    def say(self, text: str) -> None:
        """Print a line, above the bars where there are any."""
        if self.terminal:
            self._bars.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the display."""
        if self.terminal:
            self._bars.stop()
            self.terminal = False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the display."""
        self.close()
