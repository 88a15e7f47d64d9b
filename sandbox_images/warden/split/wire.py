"""Messages between driver and candidate: one JSON value each, with its length before it."""

from __future__ import annotations

import errno
import json
import os
import struct
import sys
from typing import Any, Union

_LENGTH = struct.Struct("=I")
MAX_MESSAGE = 256 * 1024 * 1024
_CHUNK = 1 << 20
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
        self._buffer: Union[bytes, bytearray] = b""

    def send(self, message: dict[str, Any]) -> None:
        """Write one message; raise `Gone` where nobody reads it, ValueError where it is too long."""
        data = _dumps(message).encode()
        if len(data) > MAX_MESSAGE:
            raise ValueError("a value is too large to cross between solution and tests")
        rest = memoryview(_LENGTH.pack(len(data)) + data)
        try:
            while rest:
                rest = rest[_write(self.fd, rest) :]
        except OSError:
            raise Gone from None

    def receive(self) -> dict[str, Any]:
        """Wait for one message.

        Raises:
            Gone: the other process is no more.
            Broken: these bytes are no message.
        """
        (length,) = _LENGTH.unpack(self._first(_LENGTH.size, 0))
        if length > MAX_MESSAGE:
            raise Broken("a message is too long")
        data = self._first(length, _LENGTH.size)
        self._buffer = b""
        try:
            message = _loads(data)
        except (ValueError, RecursionError, MemoryError):
            raise Broken("a message is no JSON") from None
        if type(message) is not dict:
            raise Broken("a message is no object")
        return message

    def _first(self, length: int, start: int) -> bytes:
        """Return bytes of the message that is coming.

        What has come is kept: a handler of a signal may raise in the middle of it.
        """
        end = start + length
        while len(self._buffer) < end:
            data = self._read(min(_CHUNK, end - len(self._buffer)))
            if not self._buffer:
                self._buffer = data
            else:
                if type(self._buffer) is bytes:
                    self._buffer = bytearray(self._buffer)
                self._buffer += data
        return bytes(memoryview(self._buffer)[start:end])

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
