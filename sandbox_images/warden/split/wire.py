"""Messages between driver and candidate: one JSON value each, with its length before it."""

from __future__ import annotations

import errno
import json
import os
import struct
import sys
from typing import Any

from ..values import deeply

_HEAD = struct.Struct("=4sI")
_MAGIC = b"\xf5VS\xf5"
"""No text that a program writes to every descriptor starts like this."""
MAX_MESSAGE = 256 * 1024 * 1024
_FEW, _CHUNK = 1 << 16, 1 << 20
_read, _write = os.read, os.write
_dumps, _loads = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode, json.loads


class Gone(BaseException):
    """The other process has closed its end."""


class Broken(BaseException):
    """What the other process sent is no message, or none that may be sent."""


class Link:
    """One end of the socket between the two processes."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._buffer = bytearray()

    def send(self, message: dict[str, Any]) -> None:
        """Write one message.

        Raises:
            Gone: nobody reads it.
            ValueError: it is too long.
        """
        data = deeply(_dumps, message).encode()
        if len(data) > MAX_MESSAGE:
            raise ValueError("a value is too large to cross between solution and tests")
        rest = memoryview(_HEAD.pack(_MAGIC, len(data)) + data)
        try:
            while rest:
                rest = rest[_write(self.fd, rest) :]
        except OSError:
            raise Gone from None

    def receive(self) -> dict[str, Any]:
        """Wait for one message.

        What has come is kept: a handler of a signal may raise in the middle of it.

        Raises:
            Gone: the other process is no more.
            Broken: these bytes are no message.
        """
        while len(self._buffer) < _HEAD.size:
            self._buffer += self._read(_FEW)
        magic, length = _HEAD.unpack_from(self._buffer)
        if magic != _MAGIC or length > MAX_MESSAGE:
            raise Broken("these bytes are no message")
        end = _HEAD.size + length
        while len(self._buffer) < end:
            self._buffer += self._read(max(_FEW, min(_CHUNK, end - len(self._buffer))))
        data = bytes(self._buffer[_HEAD.size : end])
        del self._buffer[:end]
        try:
            message = deeply(_loads, data)
        except (ValueError, RecursionError, MemoryError):
            raise Broken("a message is no JSON") from None
        if type(message) is not dict:
            raise Broken("a message is no object")
        return message

    def _read(self, length: int) -> bytes:
        try:
            data = _read(self.fd, length)
        except OSError as error:
            if error.errno not in (errno.ECONNRESET, errno.EBADF, errno.ENOTCONN):
                raise  # a handler's own exception
            data = b""
        if not data:
            raise Gone
        return data


def any_number_of_digits() -> None:
    """Let integers cross whole: their text is bounded by the length of a message."""
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
