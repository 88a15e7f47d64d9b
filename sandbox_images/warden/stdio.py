"""Fresh standard streams for a forked child, made as CPython makes them at start-up."""

from __future__ import annotations

import io
import sys
from typing import Any


class StreamSettings:
    """Encoding and error handlers that this interpreter chose for its own streams."""

    def __init__(self) -> None:
        self.stdin = self._of(sys.stdin)
        self.stdout = self._of(sys.stdout)
        self.stderr = self._of(sys.stderr)

    @staticmethod
    def _of(stream: Any) -> tuple[str, str]:
        return (stream.encoding, stream.errors) if stream is not None else ("utf-8", "strict")


def renew(settings: StreamSettings) -> None:
    """Replace sys.stdin, sys.stdout and sys.stderr by streams on descriptors 0, 1 and 2."""
    sys.stdin = sys.__stdin__ = _stream(0, "r", "<stdin>", settings.stdin)
    sys.stdout = sys.__stdout__ = _stream(1, "w", "<stdout>", settings.stdout)
    sys.stderr = sys.__stderr__ = _stream(2, "w", "<stderr>", settings.stderr)


def _stream(fd: int, mode: str, name: str, settings: tuple[str, str]) -> Any:
    buffer = io.open(fd, mode + "b", closefd=False)
    buffer.raw.name = name
    stream = io.TextIOWrapper(
        buffer, settings[0], settings[1], newline="\n", line_buffering=name == "<stderr>"
    )
    stream.mode = mode
    return stream
