"""How a run goes: a table on a terminal, a line now and then elsewhere."""

import asyncio
import collections
import contextlib
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

if TYPE_CHECKING:
    from veristone.generators.synthesis.pipeline.chain import StageStatus
    from veristone.generators.synthesis.pipeline.folder import RunFolder

__all__ = ["Display", "Rates"]

_TERMINAL_S, _PIPE_S = 1.0, 10.0
_WINDOW_S = 30.0
_LAST_LOOK_S = 5.0


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
        passed = now - before
        if passed <= 0:
            return dict.fromkeys(tokens, 0.0)
        return {stage: (n - old.get(stage, n)) / passed for stage, n in tokens.items()}


class Display:
    """Shows the stages that are named until it is left."""

    def __init__(self, folder: "RunFolder", stages: Sequence[str]) -> None:
        self._folder = folder
        self._stages = stages
        self._console = Console(stderr=True)
        self._terminal = sys.stderr.isatty()
        self._rates = Rates()
        self._began = time.monotonic()
        self._stack = contextlib.AsyncExitStack()
        self._task: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._live: Live | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        self._task = asyncio.create_task(self._show_always())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; the last state stays on the terminal."""
        task, self._task = self._task, None
        if task is None:
            return
        self._over.set()
        if error is None:
            await asyncio.wait((task,), timeout=_LAST_LOOK_S)
        task.cancel()
        await asyncio.wait((task,))
        if not task.cancelled() and (failure := task.exception()) is not None and error is None:
            raise failure

    def say(self, text: str) -> None:
        """Print a line above the table."""
        self._console.print(text, markup=False, highlight=False)

    async def _show_always(self) -> None:

        async with self._folder.open() as chain:
            with contextlib.ExitStack() as stack:
                if self._terminal:
                    live = Live(console=self._console, auto_refresh=False)
                    self._live = stack.enter_context(live)
                while True:
                    stages = [s for s in await chain.look() if s.stage in self._stages]
                    rates = self._rates.note(time.monotonic(), stages)
                    if self._live is not None:
                        self._live.update(self._table(stages, rates), refresh=True)
                    elif time.monotonic() - self._began >= _PIPE_S:
                        self.say(self._line(stages, rates))
                    if self._over.is_set():
                        return
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_TERMINAL_S if self._terminal else _PIPE_S):
                            await self._over.wait()

    def _table(self, stages: "Sequence[StageStatus]", rates: dict[str, float]) -> Table:
        table = Table(title=_duration(time.monotonic() - self._began), title_justify="left")
        for name in ("stage", "waiting", "at work", "dead", "done", "kept", "refused", "tokens/s"):
            table.add_column(name, justify="left" if name == "stage" else "right")
        table.add_column("pass", justify="right")
        for stage in stages:
            queue = stage.queue
            numbers = (
                queue.ready + queue.delayed,
                queue.leased,
                queue.dead,
                stage.count("given"),
                stage.count("kept"),
                stage.count("refused"),
                round(rates[stage.stage]),
            )
            table.add_row(stage.stage, *(f"{n:,}" for n in numbers), pass_rate(stage))
        return table

    def _line(self, stages: "Sequence[StageStatus]", rates: dict[str, float]) -> str:
        parts = [_duration(time.monotonic() - self._began)]
        for stage in stages:
            queue = stage.queue
            part = f"{stage.stage} {stage.count('given'):,} done"
            if queue.open:
                part += f" {queue.open:,} to do"
            if queue.dead:
                part += f" {queue.dead:,} dead"
            if passing := pass_rate(stage):
                part += f" {passing} pass"
            parts.append(part)
        tokens = sum(rates.values())
        return " | ".join([*parts, f"{tokens:,.0f} tokens/s"])


def pass_rate(stage: "StageStatus") -> str:
    """Return the share of passes among the verdicts, or nothing where there are none."""
    from veristone.generators.synthesis.pipeline.chain import reasons

    verdicts = reasons(stage.counts, "verdict")
    total = sum(verdicts.values())
    return f"{100 * verdicts.get('passed', 0) / total:.1f} %" if total else ""


def _duration(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}"
