"""The pipes between a run and the warden: standard streams, and the record of its driver."""

from __future__ import annotations

import _socket
import contextlib
import os
from typing import NamedTuple, Optional

from .child import Descriptors
from .frames import Buffer


class Pipes(NamedTuple):
    """Both ends: what becomes the child's descriptors (-1: what it opens itself), and what the
    warden reads from."""

    theirs: Descriptors
    stdout: int
    stderr: int
    record: int
    stdin: Optional[int] = None
    """Of a child that is told things through its standard input; who writes to it closes it."""

    def close_theirs(self) -> None:
        """Let the child's ends go, once it is forked."""
        for fd in self.theirs:
            if fd >= 0:
                os.close(fd)

    def close_ours(self) -> None:
        """Let the warden's ends go."""
        for fd in (self.stdout, self.stderr, self.record):
            os.close(fd)

    def close(self) -> None:
        """Let all of them go."""
        self.close_theirs()
        self.close_ours()


def connect(stdin: Optional[Buffer], both_ways: bool = False, live: bool = False) -> Pipes:
    """Make pipes for a child that reads `stdin`; with `both_ways` it is told things, too.

    With `live` its standard input is a pipe that is still to be written to; without any `stdin` it
    is a file that is.
    """
    out_read, out_write = os.pipe2(os.O_CLOEXEC)
    err_read, err_write = os.pipe2(os.O_CLOEXEC)
    for fd in (out_write, err_write):
        # A program may open /dev/stderr anew, to write: whoever opens it to read is refused.
        # gVisor's pipes have no rights that could be changed.
        with contextlib.suppress(PermissionError):
            os.fchmod(fd, 0o222)
    # A socket, so that no sample can open it a second time through /proc.
    reader, writer = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
    if not both_ways:
        writer.shutdown(_socket.SHUT_RD)
    given, told = os.pipe2(os.O_CLOEXEC) if live else (_stdin(stdin), None)
    if live:
        with contextlib.suppress(PermissionError):
            os.fchmod(given, 0o444)
    theirs = Descriptors(given, out_write, err_write, writer.detach())
    return Pipes(theirs, out_read, err_read, reader.detach(), told)


def _stdin(data: Optional[Buffer]) -> int:
    if data is None:
        return os.memfd_create("stdin", os.MFD_CLOEXEC)
    if not len(data):
        # Opened anew each time: flags and owner of an open file outlive the sample that set them.
        return os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    fd = os.memfd_create("stdin", os.MFD_CLOEXEC)
    done = 0
    while done < len(data):
        done += os.write(fd, data[done:])
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
