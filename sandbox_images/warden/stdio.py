"""Standard streams for children that do not exist yet, made as CPython makes them at start-up.

The warden makes them once, on its own descriptors 0, 1 and 2, and never uses them. A forked
child puts its own files behind these numbers and finds streams as fresh as a new interpreter's,
without the work of making them.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any


def make() -> None:
    """Replace sys.stdin, sys.stdout and sys.stderr by unused streams on descriptors 0, 1 and 2."""
    settings = [_settings(stream) for stream in (sys.stdin, sys.stdout, sys.stderr)]
    saved = [os.dup(fd) for fd in range(3)]
    null, (reader, writer) = os.open("/dev/null", os.O_RDONLY), os.pipe()
    try:
        # A stream asks its file for a buffer size and whether it can seek: show it what a
        # sample's will be.
        for fd, like in enumerate((null, writer, writer)):
            os.dup2(like, fd)
        sys.stdin = sys.__stdin__ = _stream(0, "r", "<stdin>", settings[0])
        sys.stdout = sys.__stdout__ = _stream(1, "w", "<stdout>", settings[1])
        sys.stderr = sys.__stderr__ = _stream(2, "w", "<stderr>", settings[2])
    finally:
        for fd, old in enumerate(saved):
            os.dup2(old, fd)
        for fd in (*saved, null, reader, writer):
            os.close(fd)


def _settings(stream: Any) -> tuple[str, str]:
    """Return the encoding and the error handler that this interpreter chose for its own."""
    return (stream.encoding, stream.errors) if stream is not None else ("utf-8", "strict")


def _stream(fd: int, mode: str, name: str, settings: tuple[str, str]) -> Any:
    buffer = io.open(fd, mode + "b", closefd=False)
    buffer.raw.name = name
    stream = io.TextIOWrapper(
        buffer, settings[0], settings[1], newline="\n", line_buffering=name == "<stderr>"
    )
    stream.mode = mode
    return stream
