"""What people read at the end of a run."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from veristone import Decision, Isolation, Reason

__all__ = ["STYLES", "isolation_line", "print_summary"]

STYLES = {Decision.PASS: "green", Decision.FAIL: "red", Decision.UNDECIDED: "yellow"}


def isolation_line(isolation: Isolation) -> str:
    """Return one line about the walls of the sandboxes."""
    name = isolation.backend + (f" ({isolation.runtime})" if isolation.runtime else "")
    missing = f"; not enforced here: {', '.join(isolation.missing)}" if isolation.missing else ""
    return f"isolation: {name}, {len(isolation.enforced)} layers tried and standing{missing}"


def print_summary(reasons: Mapping[str, int], seconds: float, notes: list[str]) -> None:
    """Print how many samples got which verdict."""
    console = Console(stderr=True)
    total = sum(reasons.values())
    table = Table(title=f"{total} verdicts in {seconds:.1f} s", title_justify="left")
    table.add_column("decision")
    table.add_column("reason")
    table.add_column("samples", justify="right")
    table.add_column("share", justify="right")
    for reason in Reason:
        count = reasons.get(str(reason), 0)
        if count:
            decision = reason.decision
            table.add_row(
                f"[{STYLES[decision]}]{decision}[/]",
                str(reason),
                str(count),
                f"{100 * count / total:.1f} %",
            )
    if total:
        console.print(table)
    for note in notes:
        console.print(note, highlight=False)
