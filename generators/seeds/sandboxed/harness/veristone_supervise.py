"""The process that speaks for a run: it never executes a seed's code itself.

It reads the request from stdin, forks workers that run the seed with their standard streams cut
off, and prints the one line of the report. A worker's crash, exit or meddling with its interpreter
ends the worker alone.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["Worker", "read_request", "report"]

MOST_BYTES = 1024 * 1024
"""Of what one worker may say."""
ADDRESS_SPACE = 384 * 1024 * 1024
"""Bytes that a worker may map beyond what it began with: allocations fail before the sandbox's
memory limit would end the supervisor too."""

_token: list[str] = []


def read_request() -> dict[str, Any]:
    """Return the request, without the token, which this module keeps for `report`."""
    pieces: list[bytes] = []
    while True:
        piece = os.read(0, 1 << 20)
        if not piece:
            break
        pieces.append(piece)
    request = json.loads(b"".join(pieces))
    _token.append(request.pop("token"))
    return request


def report(values: dict[str, Any]) -> None:
    """Print the report: the token and a JSON object on a line of their own."""
    line = f"\n{_token[0]} {json.dumps(values)}\n".encode("ascii")
    while line:
        line = line[os.write(1, line) :]


class Worker:
    """A forked process that runs `work(say)` and nothing after it."""

    def __init__(self, work: Callable[[Callable[[str], None]], None]) -> None:
        self._reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                _token.clear()
                _cut_off(self._reader)
                work(lambda text: _say(writer, text))
            finally:
                os._exit(0)
        os.close(writer)

    def lines(self, timeout_s: float | None = None) -> Iterator[str]:
        """Yield what the worker says, until it ends, says too much or `timeout_s` is over."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        left, rest = MOST_BYTES, b""
        while left > 0:
            wait = None if deadline is None else max(0, deadline - time.monotonic())
            ready, _, _ = select.select([self._reader], [], [], wait)
            piece = os.read(self._reader, min(left, 65536)) if ready else b""
            if not piece:
                return
            left -= len(piece)
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield line.decode("ascii", "replace")

    def end(self) -> None:
        """Kill the worker if it is still there, and reap it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._reader)


def _cut_off(reader: int) -> None:
    os.setsid()  # what it sends to its process group is not for us
    os.close(reader)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    with open("/proc/self/statm", encoding="ascii") as statm:
        mapped = int(statm.read().split()[0]) * resource.getpagesize()
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = mapped + ADDRESS_SPACE
    limit = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def _say(writer: int, text: str, write: Callable[[int, bytes], int] = os.write) -> None:
    # Short lines go through a pipe in one piece, whichever threads speak.
    write(writer, text[:2000].encode("ascii", "backslashreplace").replace(b"\n", b" ") + b"\n")
