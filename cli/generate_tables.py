"""A run of `veristone generate` in tables."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from veristone import Decision, Reason
from veristone.cli.generate_progress import pass_rate

if TYPE_CHECKING:
    from veristone.generators.synthesis.pipeline.chain import StageStatus

__all__ = ["print_funnel", "print_status"]

_REASONS = 8


def print_funnel(counts: Mapping[str, Any]) -> None:
    """Print what each stage was given, what it kept, and why it refused the rest."""
    table = Table(title="generation" + ("" if counts["finished"] else " (unfinished)"))
    table.add_column("stage")
    for name in ("given", "kept", "refused", "dead", "tokens"):
        table.add_column(name, justify="right")
    for stage in counts["stages"]:
        refused: dict[str, int] = stage["refused"]
        numbers = (
            stage["given"],
            stage["kept"],
            sum(refused.values()),
            stage["dead"],
            stage["completion_tokens"],
        )
        table.add_row(stage["stage"], *(f"{n:,}" for n in numbers))
    console = Console()
    console.print(table)
    for stage in counts["stages"]:
        if stage["refused"]:
            _tell(console, f"{stage['stage']} refused", stage["refused"])
    verdicts: dict[str, int] = counts["stages"][-1].get("verdicts", {})
    if verdicts:
        console.print(_verdicts(verdicts))


def print_status(stages: "Sequence[StageStatus]") -> None:
    """Print where the records of a run are."""
    from veristone.generators.synthesis.pipeline.chain import reasons

    table = Table()
    table.add_column("stage")
    for name in ("waiting", "at work", "dead", "done", "kept", "refused", "tokens", "pass"):
        table.add_column(name, justify="right")
    for stage in stages:
        queue = stage.queue
        numbers = (
            queue.ready + queue.delayed,
            queue.leased,
            queue.dead,
            stage.count("given"),
            stage.count("kept"),
            stage.count("refused"),
            stage.count("completion_tokens"),
        )
        table.add_row(stage.stage, *(f"{n:,}" for n in numbers), pass_rate(stage))
    console = Console()
    console.print(table)
    for stage in stages:
        for kind, title in (("refused", " refused"), ("verdict", "")):
            if told := reasons(stage.counts, kind):
                _tell(console, stage.stage + title, told)


def _tell(console: Console, what: str, reasons: Mapping[str, int]) -> None:
    """Print the most frequent reasons in one line."""
    ranked = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    told = [f"{name} {number:,}" for name, number in ranked[:_REASONS]]
    if len(ranked) > _REASONS:
        told.append("…")
    console.print(f"{what}: {', '.join(told)}", markup=False, highlight=False)


def _verdicts(verdicts: Mapping[str, int]) -> Table:
    from veristone.cli.tables import STYLES

    total = sum(verdicts.values())
    passed = verdicts.get(Reason.PASSED, 0)
    table = Table(title=f"{total:,} verdicts, {100 * passed / total:.1f} % passed")
    table.add_column("decision")
    table.add_column("reason")
    table.add_column("responses", justify="right")
    table.add_column("share", justify="right")
    for reason in Reason:
        if count := verdicts.get(reason, 0):
            decision: Decision = reason.decision
            table.add_row(
                f"[{STYLES[decision]}]{decision}[/]",
                str(reason),
                f"{count:,}",
                f"{100 * count / total:.1f} %",
            )
    return table
