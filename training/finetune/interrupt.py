"""Ctrl-C and SIGTERM end a run after the step at hand; a second one ends it at once."""

import signal
from types import FrameType
from typing import Any, Self

__all__ = ["Interrupts"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Once armed, remembers the first signal in `caught` in place of dying of it.

    Before that, while a model is loaded and there is nothing to save, and after it, a signal ends
    the process at once.
    """

    def __init__(self) -> None:
        self.caught: int | None = None

    def __enter__(self) -> Self:
        """Take the signals over; call it in the main thread."""
        self._before = [signal.signal(number, signal.SIG_DFL) for number in _SIGNALS]
        return self

    def arm(self) -> None:
        """From now on a signal is a wish to stop soon."""
        for number in _SIGNALS:
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.caught = number
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)

    def __exit__(self, *error: Any) -> None:
        """Give the signals back."""
        for number, handler in zip(_SIGNALS, self._before, strict=True):
            signal.signal(number, handler)
