"""A run of `veristone generate` as people watch it: live, as a table, and its counts at the end."""

import asyncio
import collections
import contextlib
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from veristone import Reason
from veristone.cli.display import Progress, print_table, print_verdicts, ranked

if TYPE_CHECKING:
    from veristone.generators.synthesis.pipeline.chain import StageStatus
    from veristone.generators.synthesis.pipeline.folder import RunFolder

__all__ = ["Rates", "pass_rate", "print_counts", "print_status", "print_strength", "shown"]

_TERMINAL_S, _PIPE_S = 1.0, 10.0
_WINDOW_S = 30.0


class Rates:
    """Tokens a second of the last half minute, by stage."""

    def __init__(self) -> None:
        self._seen: collections.deque[tuple[float, dict[str, int]]] = collections.deque()

    def note(self, now: float, stages: "Sequence[StageStatus]") -> dict[str, float]:
        """Add what was counted at a moment; return the rates up to it."""
        tokens = {stage.stage: stage.count("completion_tokens") for stage in stages}
        self._seen.append((now, tokens))
        while len(self._seen) > 2 and now - self._seen[0][0] > _WINDOW_S:
            self._seen.popleft()
        before, old = self._seen[0]
        passed = max(now - before, 1e-9)
        return {stage: (n - old.get(stage, n)) / passed for stage, n in tokens.items()}


@contextlib.asynccontextmanager
async def shown(
    folder: "RunFolder", stages: Sequence[str], *, quiet: bool
) -> AsyncGenerator[Progress]:
    """Show the stages that are named until the block is left: bars, or a line now and then."""
    with Progress(quiet=quiet, keep=True) as progress:
        watching = None if quiet else asyncio.create_task(_watch(folder, stages, progress))
        try:
            yield progress
        finally:
            if watching is not None:
                watching.cancel()
                await asyncio.wait((watching,))
    if watching is not None and not watching.cancelled() and watching.exception() is not None:
        raise watching.exception() or RuntimeError


async def _watch(folder: "RunFolder", names: Sequence[str], progress: Progress) -> None:
    rates = Rates()
    began = time.monotonic()
    async with folder.open() as chain:
        while True:
            stages = [stage for stage in await chain.look() if stage.stage in names]
            now = time.monotonic()
            speeds = rates.note(now, stages)
            told = {stage.stage: _told(stage, speeds[stage.stage]) for stage in stages}
            for stage in stages:
                done = stage.count("given")
                total = done + stage.queue.open
                progress.show(f"{stage.stage:<14}", told[stage.stage], done, total or None)
            if not progress.terminal and now - began >= _PIPE_S:
                line = " | ".join(f"{name} {text}" for name, text in told.items())
                progress.say(f"{now - began:.0f} s | {line}")
            await asyncio.sleep(_TERMINAL_S if progress.terminal else _PIPE_S)


def _told(stage: "StageStatus", tokens_per_s: float) -> str:
    parts = [f"{stage.count('given'):,} done"]
    for number, what in (
        (stage.queue.open, "to do"),
        (stage.queue.dead, "dead"),
        (stage.count("refused"), "refused"),
        (round(tokens_per_s), "tokens/s"),
    ):
        parts += [f"{number:,} {what}"] if number else []
    passing = pass_rate(stage)
    return " ".join([*parts, f"{passing} pass"] if passing else parts)


def pass_rate(stage: "StageStatus") -> str:
    """Return the share of passes among the verdicts, or nothing where there are none."""
    from veristone.generators.synthesis.pipeline.chain import reasons

    verdicts = reasons(stage.counts, "verdict")
    total = sum(verdicts.values())
    return f"{100 * verdicts.get('passed', 0) / total:.1f} %" if total else ""


def print_status(stages: "Sequence[StageStatus]") -> None:
    """Print where the records of a run are."""
    from veristone.generators.synthesis.pipeline.chain import reasons

    rows: list[tuple[str, ...]] = []
    for stage in stages:
        queue = stage.queue
        counted = map(stage.count, ("given", "kept", "refused", "completion_tokens"))
        numbers = (queue.ready + queue.delayed, queue.leased, queue.dead, *counted)
        rows.append((stage.stage, *(f"{n:,}" for n in numbers), pass_rate(stage)))
    names = ("waiting", "at work", "dead", "done", "kept", "refused", "tokens", "pass")
    print_table(["stage", *(f">{name}" for name in names)], rows)
    for stage in stages:
        for kind, title in (("refused", " refused"), ("verdict", "")):
            if found := reasons(stage.counts, kind):
                print(f"{stage.stage}{title}: {ranked(found)}")
    print_strength(stages[-1])


def print_strength(verified: "StageStatus") -> None:
    """Print what the strength of tests that passed was found to be, and what that took."""
    runs = verified.count("strength_runs")
    if runs:
        print(
            f"strength: {verified.count('vacuous'):,} suites that passed prove nothing; it took"
            f" {runs:,} further runs and {verified.count('strength_cpu_ms') / 1000:.1f} of"
            f" {verified.count('cpu_ms') / 1000:.1f} CPU seconds"
        )


def print_counts(counts: Mapping[str, Any]) -> None:
    """Print what each stage was given, what it kept, and why it refused the rest."""
    rows: list[tuple[str, ...]] = []
    for stage in counts["stages"]:
        refused = sum(stage["refused"].values())
        numbers = (
            stage["given"],
            stage["kept"],
            refused,
            stage["dead"],
            stage["completion_tokens"],
        )
        rows.append((stage["stage"], *(f"{n:,}" for n in numbers)))
    columns = ["stage", ">given", ">kept", ">refused", ">dead", ">tokens"]
    title = "generation" + ("" if counts["finished"] else " (unfinished)")
    print_table(columns, rows, title=title)
    for stage in counts["stages"]:
        if stage["refused"]:
            print(f"{stage['stage']} refused: {ranked(stage['refused'])}")
    verdicts = {Reason(name): n for name, n in counts["stages"][-1].get("verdicts", {}).items()}
    if total := sum(verdicts.values()):
        passed = 100 * verdicts.get(Reason.PASSED, 0) / total
        print_verdicts(verdicts, f"{total:,} verdicts, {passed:.1f} % passed", "responses")
