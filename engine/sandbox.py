"""One sandbox, seen from the engine: a connection to a warden and a way to destroy it."""

import asyncio
import contextlib
import itertools
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from veristone import BackendUnavailable, Isolation, ProtocolViolation, SandboxFailure
from veristone.engine.jobs import Job, Report
from veristone.engine.layers import lacking
from veristone.engine.wire import (
    Ceilings,
    Hello,
    Retired,
    Said,
    encode_hearing,
    encode_job,
    encode_stop,
    most_bytes,
    parse_hello,
    parse_report,
    parse_retired,
    parse_said,
)
from veristone.sandbox_images.warden import frames

__all__ = ["Connection", "Listener", "Sandbox"]

Listener = Callable[[Said, bytes], None]
"""Called with what a run that talks has said, at once; it may raise `ProtocolViolation`."""

GRACE_S = 15.0
"""How long past a job's own deadline a warden may take before it counts as dead."""
_SLOW_RUNTIMES = {"runsc": 4.0}
"""By how much longer: under gVisor it takes 20 s to clear a bomb away on a busy host."""
_FAREWELL = 64 * 1024
"""Bytes of what a warden said at last, at most; one that was taken over might never end."""
_LONG = 256 * 1024
"""Bytes of a report from which on it is read in a thread, so that the event loop goes on."""


class Connection(asyncio.Protocol):
    """Frames over a byte stream; one frame is waited for at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted = frames.PREFIX.size
        self._shape: tuple[int, int] | None = None
        self._most = 0
        self._waiter: asyncio.Future[tuple[bytes, bytes]] | None = None
        self._ready: list[tuple[bytes, bytes]] = []
        self._lost: Exception | None = None
        self._transport: asyncio.WriteTransport | None = None
        self.listener: Listener | None = None
        """While a run talks: what is told of each frame before its report."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        if exc is not None and self._transport is not None:
            # Writing failed, which asyncio notices before it reads what the warden said at last:
            # that it is used up, as a rule, and so no fault of the sample that comes now.
            rest: Any = self._transport.get_extra_info("socket")
            with contextlib.suppress(OSError):
                self.data_received(os.read(rest.fileno(), _FAREWELL))
        self._fail(SandboxFailure("the sandbox went away"))

    def feed(self, data: bytes | memoryview) -> None:
        """Take bytes of the warden's stream."""
        if self._lost is not None:
            return
        self._buffer += data
        while len(self._buffer) >= self._wanted:
            if self._shape is None:
                try:
                    self._shape = frames.parse_prefix(bytes(self._buffer[: frames.PREFIX.size]))
                except frames.BadFrame:
                    self._fail(ProtocolViolation("the sandbox sent bytes that are no frame"))
                    self.close()
                    return
                if self._shape[1] > self._most:
                    self._fail(ProtocolViolation("the sandbox answers with more than was asked"))
                    self.close()
                    return
                self._wanted = frames.PREFIX.size + sum(self._shape)
                continue
            self._deliver(self._shape)

    def _deliver(self, shape: tuple[int, int]) -> None:
        start = frames.PREFIX.size
        middle = start + shape[0]
        frame = (bytes(self._buffer[start:middle]), bytes(self._buffer[middle : self._wanted]))
        del self._buffer[: self._wanted]
        self._wanted, self._shape = frames.PREFIX.size, None
        if self.listener is not None and (said := parse_said(frame[0])) is not None:
            self._listen(self.listener, said, frame[1])
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(frame)
        elif self._ready:
            # A warden answers what it was asked; it never speaks twice.
            self._fail(ProtocolViolation("the sandbox sent a frame that nobody asked for"))
            self.close()
        else:
            self._ready.append(frame)

    def _listen(self, listener: Listener, said: Said, body: bytes) -> None:
        try:
            listener(said, body)
        except ProtocolViolation as error:
            self.listener = None
            self._fail(error)
            self.close()

    def _fail(self, error: Exception) -> None:
        if self._lost is None:
            self._lost = error
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(self._lost)

    @property
    def alive(self) -> bool:
        """False once the stream has ended or broken, or holds what nobody asked for."""
        return self._lost is None and not self._ready and not self._buffer

    def write(self, pieces: list[bytes], most: int) -> None:
        """Send the pieces of one frame; the body of the answer has `most` bytes at most."""
        if self._ready or self._buffer:
            # Sent before it was asked: it must not pass for the answer to what comes now.
            retired = parse_retired(self._ready[0][0]) if self._ready else None
            self._fail(
                retired or ProtocolViolation("the sandbox sent a frame that nobody asked for")
            )
            self.close()
        if self._lost is not None:
            raise self._lost
        if self._transport is None:
            raise SandboxFailure("the sandbox went away")
        self._most = most
        self._transport.writelines(pieces)

    def add(self, pieces: list[bytes]) -> None:
        """Send a frame that belongs to the run under way; it has no answer of its own."""
        if self._lost is None and self._transport is not None:
            self._transport.writelines(pieces)

    async def read(self, timeout_s: float) -> tuple[bytes, bytes]:
        """Return header and body of the next frame.

        Raises:
            SandboxFailure: the sandbox went away or did not answer in time.
        """
        if self._ready:
            return self._ready.pop()
        if self._lost is not None:
            raise self._lost
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        silent = SandboxFailure(f"the sandbox did not answer for {timeout_s:.0f} s")
        deadline = loop.call_later(timeout_s, _refuse, self._waiter, silent)
        try:
            return await self._waiter
        finally:
            deadline.cancel()
            self._waiter = None

    def close(self) -> None:
        """Hang up. The warden takes that as the end and exits."""
        if self._transport is not None:
            self._transport.abort()


def _refuse(waiter: asyncio.Future[tuple[bytes, bytes]], error: SandboxFailure) -> None:
    if not waiter.done():
        waiter.set_exception(error)


_NAMESPACES = {"ipc": "own-ipc-namespace", "pid": "own-pid-namespace", "net": "no-network"}
"""What does not stand where a sandbox has the engine's own namespace of this kind."""


def _ours(kind: str, hello: Hello) -> bool:
    """True where the sandbox lies in the same namespace as we; another host's is never ours."""
    try:
        return Path(f"/proc/self/ns/{kind}").stat().st_ino == hello.namespaces.get(kind)
    except OSError:
        return False


class Sandbox:
    """A warm sandbox. One job at a time; after any failure it must be destroyed."""

    compiled: bool | None = None
    """Whether its last job was a compiler's; None before the first."""

    def __init__(
        self,
        name: str,
        connection: Connection,
        ceilings: Ceilings,
        destroy: Callable[[], Awaitable[None]],
    ) -> None:
        self.name = name
        self.isolation: Isolation | None = None
        self.python = ""
        """Version of the interpreter that is its zygote."""
        self.runs = 0
        self._connection = connection
        self._ceilings = ceilings
        self._destroy = destroy
        self._ids = itertools.count(1)
        self._destroyed = False
        self._patience = 1.0

    async def greet(
        self, timeout_s: float, backend: str, runtime: str, require: Sequence[str] = ()
    ) -> None:
        """Wait until the warden is ready and note which walls it found standing.

        Raises:
            SandboxFailure: it did not become ready.
            BackendUnavailable: a wall is missing without which no sample may run.
        """
        self._patience = _SLOW_RUNTIMES.get(runtime, 1.0)
        header, _ = await self._connection.read(timeout_s)
        hello = parse_hello(header)
        self.python = hello.python
        self._ceilings = msgspec.structs.replace(
            self._ceilings,
            memory_cgroup=hello.layers.get("memory-cgroup", False),
            processes_cgroup=hello.layers.get("processes-cgroup", False),
        )
        shared = {layer for kind, layer in _NAMESPACES.items() if _ours(kind, hello)}
        enforced = {name for name, held in hello.layers.items() if held} - shared
        self.isolation = Isolation(
            backend=backend,
            runtime=runtime,
            enforced=tuple(sorted(enforced)),
            missing=tuple(sorted(hello.layers.keys() - enforced)),
        )
        if without := lacking(enforced, require):
            raise BackendUnavailable(
                f"{backend}: this sandbox is without {', '.join(without)}, so no sample runs in it;"
                " `veristone doctor` says more"
            )

    @property
    def alive(self) -> bool:
        """False where the connection is gone."""
        return self._connection.alive and not self._destroyed

    async def run(self, job: Job, listener: Listener | None = None) -> Report:
        """Run one job.

        Args:
            job: what is run.
            listener: hears what a job that is `live` says while it runs.

        Raises:
            Retired: it did not start the job: another one had used it up, or it died idle.
            SandboxFailure: the sandbox broke, or was broken from the start; destroy it and try
                elsewhere.
        """
        job_id = next(self._ids)
        self.runs += 1
        frame = encode_job(job_id, job, self._ceilings)
        try:
            self._connection.write(frame, most_bytes(job, self._ceilings))
        except ProtocolViolation:
            raise
        except SandboxFailure as error:
            if self.runs == 1:
                # Nobody used it up. Where each new one ends like this, somebody has to be told.
                raise SandboxFailure(
                    f"a new sandbox did not live to its first job: {error}"
                ) from error
            raise Retired(str(error)) from error
        self._connection.listener = listener
        try:
            header, body = await self._connection.read(job.limits.wall_s + self._patience * GRACE_S)
        finally:
            self._connection.listener = None
        if len(body) > _LONG:
            return await asyncio.to_thread(parse_report, header, body, job_id, job.record_lines)
        return parse_report(header, body, job_id, job.record_lines)

    def tell(self, data: bytes = b"", room: int = 0, *, last: bool = False) -> None:
        """Give the run under way input, and room for output; no input follows the `last`."""
        self._connection.add(encode_hearing(data, room, last=last))

    def stop(self) -> None:
        """End the run under way, which talks; its report follows as ever."""
        self._connection.add(encode_stop())

    async def destroy(self) -> None:
        """End the sandbox and whatever runs in it. May be called twice."""
        if self._destroyed:
            return
        self._destroyed = True
        self._connection.close()
        await self._destroy()
