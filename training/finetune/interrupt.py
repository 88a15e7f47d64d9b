"""Ctrl-C and SIGTERM end a run after the step at hand; a second one ends it at once."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

__all__ = ["Interrupts"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """While armed, remembers the first signal in `caught` in place of dying of it.

    Before that, while a model is loaded and there is nothing to save, a signal ends the process as
    usual. Outside the main thread, where Python lets nobody handle signals, it does nothing.
    """

    def __init__(self) -> None:
        self.caught: int | None = None
        self._armed = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Take the signals over."""
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                self._before[number] = signal.signal(number, self._handle)
        return self

    def arm(self) -> None:
        """From now on a signal is a wish to stop soon."""
        self._armed = True

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._armed and self.caught is None:
            self.caught = number
        elif number == signal.SIGTERM:
            raise SystemExit(128 + number)
        else:
            raise KeyboardInterrupt

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()
