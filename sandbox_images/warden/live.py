"""A run that talks with a program elsewhere: its output goes to the engine at once, and what the
engine sends meanwhile becomes its standard input.

Invariants: neither side sends more than it was given room for, so every buffer has a bound; a
program that is not read from waits, as at any full pipe; what one has printed before its end
arrives. What passes through lies in the arena, which is wiped after the run.

Frames from the engine while such a run goes on:
``{"op": "hear", "room": N, "last": B}`` with a body: more input, more room, no input after it.
``{"op": "stop"}``: end the run.
Frames to it, before the report:
``{"op": "said", "took": N, "last": B}`` with a body: output, input that was read, no output
after it.
"""

from __future__ import annotations

import os
import select
import time
from typing import TYPE_CHECKING, Any, Optional

from . import frames
from .supervise import Run, Stream
from .usage import Usage

if TYPE_CHECKING:
    from .pipes import Pipes
    from .serve import Warden

_CLOSED_S = 0.05
"""How long an output is closed before that is told: the end of the program, which closes it as
well, is told by the report."""


class _Said(Stream):
    """Standard output. Its head is kept for the report, and all of it is sent."""

    def __init__(
        self, fd: int, head: memoryview, chunk: memoryview, sink: int, poller: select.poll
    ) -> None:
        super().__init__(fd, head, head[:0])
        self._chunk, self._sink, self._poller = chunk, sink, poller
        self._room = frames.ROOM
        self.closed_at: Optional[float] = None

    def read(self) -> bool:
        """Send on what is there, as far as there is room; False at the end of the stream."""
        try:
            count = os.readv(self.fd, [self._chunk[: self._room]])
        except BlockingIOError:
            return True
        if count == 0:
            self.closed_at = time.monotonic()
            return False
        data = self._chunk[:count]
        kept = min(count, len(self._head) - self._fill)
        self._head[self._fill : self._fill + kept] = data[:kept]
        self._fill += kept
        self.total += count
        self._room -= count
        frames.send(self._sink, {"op": "said"}, [data])
        if not self._room:
            self._poller.unregister(self.fd)
        return True

    def grant(self, room: int) -> None:
        """Let it send more."""
        if not self._room and self.closed_at is None:
            self._poller.register(self.fd, select.POLLIN)
        self._room += room


class _Heard:
    """Standard input, and what of it the program has not taken yet."""

    def __init__(self, fd: int, buffer: memoryview, sink: int, poller: select.poll) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._buffer, self._sink, self._poller = buffer, sink, poller
        self._start = self._end = 0
        self._took = 0
        self._last = self._closed = False

    @property
    def fd(self) -> int:
        """The writing end of the pipe."""
        return self._fd

    def receive(self, source: int, length: int, last: bool) -> None:
        """Take the body of a frame."""
        if self._end + length > len(self._buffer):
            left = self._end - self._start
            self._buffer[:left] = self._buffer[self._start : self._end]
            self._start, self._end = 0, left
        if self._end + length > len(self._buffer):
            raise frames.BadFrame("more input than there is room for")
        frames.fill(source, self._buffer[self._end : self._end + length])
        self._end += length
        self._last = self._last or last
        if not self._closed:
            self._poller.register(self._fd, select.POLLOUT)

    def read(self) -> bool:
        """Hand over what the program has room for; False when nothing is left.

        It is called as a stream that can be read is: this one can be written to.
        """
        while self._start < self._end and not self._closed:
            try:
                count = os.write(self._fd, self._buffer[self._start : self._end])
            except BlockingIOError:
                return True
            except OSError:  # nobody reads it any more
                count = self._end - self._start
            self._start += count
            self._account(count)
        if self._last:
            self.close()
        return False

    def _account(self, count: int) -> None:
        """Tell from time to time what was taken: a frame for each word would be as many again."""
        self._took += count
        if self._took >= frames.ROOM // 2:
            frames.send(self._sink, {"op": "said", "took": self._took})
            self._took = 0

    def close(self) -> None:
        """Let the program see the end of its input."""
        if not self._closed:
            self._closed = True
            os.close(self._fd)


class _Orders:
    """What the engine sends while the run goes on."""

    def __init__(self, source: int, run: LiveRun) -> None:
        self._source, self._run = source, run

    def read(self) -> bool:
        """Take one frame; it is called when there is one."""
        header, length = frames.receive_head(self._source)
        if header["op"] == "stop":
            self._run.stopped = True
            return True
        if header.get("room"):
            self._run.said.grant(header["room"])
        if length or header.get("last"):
            heard = self._run.heard
            heard.receive(self._source, length, header.get("last", False))
            self._run.open_streams[heard.fd] = heard
        return True


class LiveRun(Run):
    """The state of such a run."""

    def __init__(
        self,
        usage: Usage,
        streams: tuple[_Said, Stream],
        heard: _Heard,
        record: Stream,
        limits: dict[str, Any],
        poller: select.poll,
        started: float,
        sink: int,
    ) -> None:
        super().__init__(usage, list(streams), record, limits, poller, started)
        self.said, self.heard = streams[0], heard
        self.stopped = False
        self._sink = sink
        self._told = False

    def over(self) -> bool:
        """True where there is nothing more to wait for; tells of an output that was closed."""
        ended = self.stopped or self.status is not None
        closed_at = self.said.closed_at
        if ended or self._told or closed_at is None:
            return ended
        if time.monotonic() - closed_at > _CLOSED_S:
            self._told = True
            frames.send(self._sink, {"op": "said", "last": True})
        return False

    def drain(self) -> None:
        """Send on what it printed before its end."""
        self.heard.close()
        self.said.grant(frames.LAST_ROOM)
        super().drain()


def expect(
    warden: Warden, pipes: Pipes, record: Stream, limits: dict[str, Any], started: float
) -> LiveRun:
    """Make ready to watch a child that talks."""
    assert pipes.stdin is not None
    arena, sink = warden.arena, warden.sink
    stderr = warden.stream(pipes.stderr, *limits["keep"])
    poller = warden.supervisor.poller([stderr])
    said = _Said(pipes.stdout, arena.take(limits["keep"][0]), arena.take(frames.ROOM), sink, poller)
    poller.register(said.fd, select.POLLIN)
    buffer = arena.take(frames.ROOM + frames.LAST_ROOM)
    heard = _Heard(pipes.stdin, buffer, sink, poller)
    run = LiveRun(
        warden.supervisor.usage(), (said, stderr), heard, record, limits, poller, started, sink
    )
    run.open_streams[warden.source] = _Orders(warden.source, run)
    poller.register(warden.source, select.POLLIN)
    return run
