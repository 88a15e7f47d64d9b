"""The wire between engine and warden: one frame per message, in both directions.

A frame is a fixed prefix (magic, header length, body length), a JSON header that holds numbers
and short words only, and a body of raw bytes that the header's ``parts`` cut into pieces. What a
sample brought along (its code, file names, arguments, input) travels in the body alone, so the
warden can keep it in memory that it wipes.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
from typing import Any, Sequence, Union

from .record import dumps

PREFIX = struct.Struct("!4sIQ")
MAGIC = b"VST1"
PROTOCOL = 4
"""Raised with every change to what headers and bodies mean."""
FILE_HEAD = struct.Struct("!HQ")
"""Before each file that is sent back: the lengths of its name and of its content."""
MAX_HEADER = 64 * 1024
MAX_BODY = 384 * 1024 * 1024
ROOM = 64 * 1024
"""Of a run that talks: bytes that may be under way to it, or from it, at one time, as in a pipe."""
LAST_ROOM = 1024 * 1024 + ROOM
"""And so many more from it at its end: what is left in its pipe, which it may have made larger."""

Buffer = Union[bytes, memoryview]


class EndOfStream(Exception):
    """The other side closed the connection between two frames."""


class BadFrame(Exception):
    """The other side sent something that is no frame."""


def encode_head(header: dict[str, Any], body_length: int) -> bytes:
    """Return prefix and header of a frame whose body has `body_length` bytes."""
    data = dumps(header).encode()
    return PREFIX.pack(MAGIC, len(data), body_length) + data


def parse_prefix(data: Buffer) -> tuple[int, int]:
    """Return (header length, body length) of a frame, or raise `BadFrame`."""
    magic, header_length, body_length = PREFIX.unpack(data)
    if magic != MAGIC or header_length > MAX_HEADER or body_length > MAX_BODY:
        raise BadFrame("not a frame")
    return header_length, body_length


class Arena:
    """Anonymous memory for the bytes of one job, given back to the kernel after each.

    Freed heap memory would keep an earlier sample's code and output readable for the next one.
    """

    def __init__(self, size: int = 2 * MAX_BODY) -> None:
        # The reservation is virtual: pages that were never touched cost nothing.
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0x4000)
        self._map = mmap.mmap(-1, size, flags=flags)
        self.view = memoryview(self._map)
        self._used = 0

    def take(self, length: int) -> memoryview:
        """Return the next `length` bytes of the arena."""
        start = self._used
        if start + length > len(self.view):
            raise BadFrame("a job asks for more memory than a sandbox has for jobs")
        self._used = start + length
        return self.view[start : start + length]

    def wipe(self) -> None:
        """Zero everything that was taken and give the memory back."""
        if self._used:
            page = mmap.PAGESIZE
            length = (self._used + page - 1) // page * page
            # MADV_DONTNEED on private anonymous memory: the next read sees zeroes.
            self._map.madvise(mmap.MADV_DONTNEED, 0, min(length, len(self.view)))
            self._used = 0


def fill(fd: int, view: memoryview) -> None:
    """Read until `view` is full."""
    done = 0
    while done < len(view):
        count = os.readv(fd, [view[done:]])
        if count == 0:
            raise EndOfStream
        done += count


def receive_head(fd: int) -> tuple[dict[str, Any], int]:
    """Block until the header of a frame is here; return it and the length of the body.

    Raises:
        EndOfStream: the engine is gone.
        BadFrame: these bytes are no frame.
    """
    prefix = memoryview(bytearray(PREFIX.size))
    fill(fd, prefix)
    header_length, body_length = parse_prefix(prefix)
    raw = memoryview(bytearray(header_length))
    fill(fd, raw)
    return json.loads(bytes(raw).decode()), body_length


def receive(fd: int, arena: Arena) -> tuple[dict[str, Any], list[memoryview]]:
    """Block until a frame is here; its body lies in `arena`.

    Raises:
        EndOfStream: the engine is gone.
        BadFrame: these bytes are no frame.
    """
    header, body_length = receive_head(fd)
    body = arena.take(body_length)
    fill(fd, body)
    parts: list[memoryview] = []
    start = 0
    for length in header.get("parts", ()):
        parts.append(body[start : start + length])
        start += length
    return header, parts


def send(fd: int, header: dict[str, Any], parts: Sequence[Buffer] = ()) -> None:
    """Write a frame, however many writes it takes."""
    header["parts"] = [len(part) for part in parts]
    rest: list[memoryview] = [memoryview(encode_head(header, sum(header["parts"])))]
    rest += [memoryview(part) for part in parts if len(part)]
    while rest:
        count = os.writev(fd, rest[:64])
        while rest and count >= len(rest[0]):
            count -= len(rest.pop(0))
        if count:
            rest[0] = rest[0][count:]
