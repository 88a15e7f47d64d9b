"""A progress bar on a terminal, and silence elsewhere."""

import contextlib
import os
import stat
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import IO, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

__all__ = ["Progress"]

_REFRESH_S = 0.1


class Progress:
    """Shows how far a file has been read and what came out of it."""

    def __init__(
        self, title: str, source: IO[bytes], *, quiet: bool, counts: Callable[[], str]
    ) -> None:
        self._source = source
        self._counts = counts
        self._next = 0.0
        self._bar: Bar | None = None
        if not quiet and sys.stderr.isatty():
            self._bar = Bar(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[counts]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task(title, total=_size(source), counts="starting")

    def __enter__(self) -> Self:
        """Show the bar."""
        if self._bar is not None:
            self._bar.start()
        return self

    def update(self) -> None:
        """Redraw, at most every tenth of a second."""
        now = time.monotonic()
        if self._bar is None or now < self._next:
            return
        self._next = now + _REFRESH_S
        position = None
        with contextlib.suppress(OSError):
            position = self._source.tell()
        self._bar.update(self._task, completed=position, counts=self._counts())

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        self.close()


def _size(source: IO[bytes]) -> int | None:
    try:
        info = os.fstat(source.fileno())
    except OSError:
        return None
    return info.st_size if stat.S_ISREG(info.st_mode) else None
