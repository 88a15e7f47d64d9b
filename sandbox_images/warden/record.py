"""What a driver inside the sample's process tells the supervisor: the record.

The record travels over a socket that the child can only write to: what was sent cannot be read
back, taken back or written over. Each line starts with a token that is new for every run. A
sample that finds the descriptor and writes its own lines does not know the token; the engine sees
a line without it and says `tampered`.

The token is a hurdle, not a wall: a sample that shares the driver's interpreter can search
memory for it. That is why a verdict judged this way says `shared`.
"""

from __future__ import annotations

import json
import os
from typing import Any, Callable

# Taken now, before any sample could put something else in their place.
_write = os.write
_getpid = os.getpid
_view = memoryview


def _refuse(value: object) -> None:
    raise TypeError(f"no JSON for {type(value).__name__}")


def _make_dumps() -> Callable[[Any], str]:
    """Return the encoder that lies below json's own classes, which a sample may replace."""
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # an interpreter that has no C version
        return json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode
    encode_text, join = json.encoder.encode_basestring_ascii, "".join
    encode = make(None, _refuse, encode_text, None, ":", ",", False, False, False)
    return lambda value: join(encode(value, 0))


dumps = _make_dumps()
"""Returns the JSON text of a value, whatever a sample has made of the module `json`."""


class Recorder:
    """Writes lines to the record, from the process that started it and from no child of it."""

    __slots__ = ("_append",)

    def __init__(self, fd: int, token: str) -> None:
        self._append = _appender(fd, token.encode() + b" ")

    def write(self, event: dict[str, Any]) -> None:
        """Append one event."""
        self.write_text(dumps(event))

    def write_text(self, event: str) -> None:
        """Append one event that is JSON already."""
        self._append(event.encode("utf-8", "surrogatepass"))


def _appender(fd: int, prefix: bytes) -> Callable[[bytes], None]:
    owner = _getpid()

    def append(line: bytes, write: Callable[..., int] = _write) -> None:
        if _getpid() != owner:
            return
        data = _view(prefix + line + b"\n")
        while data:
            data = data[write(fd, data) :]

    return append
