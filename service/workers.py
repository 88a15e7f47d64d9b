"""Several worker processes behind one listening socket, each with an engine of its own.

One event loop drives some hundred verdicts a second; a machine with many cores has several. The
process that was started listens, starts the workers, starts another one where one has died, and on
SIGTERM has all of them answer what they accepted. It answers nothing itself.

Promised: a connection that no worker accepted yet is lost with none; a worker that dies loses what
it had accepted, sessions of the first worker included, and nothing else; jobs go on elsewhere.
"""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from veristone import BackendUnavailable, ConfigError
from veristone.engine import EngineConfig
from veristone.service.config import ServiceConfig
from veristone.service.peers import Place

__all__ = ["Assignment", "supervised"]

_log = logging.getLogger(__name__)
_START_S = 120.0
_PAUSE_S, _MOST_PAUSE_S = 0.2, 10.0
_MARGIN_S = 15.0
"""How long after `drain_s` a worker may take to remove its sandboxes."""


class Assignment(msgspec.Struct, kw_only=True, frozen=True):
    """What a worker is told by the process that starts it, over its standard input."""

    number: int
    starter: int
    """Process id of who starts it, without whom it ends."""
    folder: str
    """Of the workers' own sockets."""
    listener: int
    """Number of the descriptor of the socket that all share."""
    service: dict[str, Any]
    engine: dict[str, Any]

    def place(self) -> Place:
        """Return where the worker stands among all."""
        return Place(self.number, int(self.service["workers"]), Path(self.folder))

    def settings(self) -> tuple[ServiceConfig, EngineConfig]:
        """Return this worker's share of what the service may take on, and of the sandboxes."""
        place, engine = self.place(), EngineConfig.model_validate(self.engine)
        share, rest = divmod(engine.sandboxes, place.workers)
        sandboxes = share + (place.number < rest)
        config = ServiceConfig.model_validate(self.service)
        return config.shared(), engine.model_copy(update={"sandboxes": sandboxes})


async def supervised(
    config: ServiceConfig,
    engine: EngineConfig,
    listener: socket.socket,
    ready: Callable[[], None],
) -> None:
    """Have workers serve on a listening socket until this is cancelled.

    Raises:
        ConfigError: there are fewer sandboxes than workers.
        BackendUnavailable: a worker does not start; it says why on standard error.
    """
    if config.workers > engine.sandboxes:
        raise ConfigError(
            f"{config.workers} workers need a sandbox each, and there are {engine.sandboxes}:"
            " raise --sandboxes or lower --workers"
        )
    with tempfile.TemporaryDirectory(prefix="veristone-workers-") as folder:
        workers = [
            _Worker(
                Assignment(
                    number=number,
                    starter=os.getpid(),
                    folder=folder,
                    listener=listener.fileno(),
                    service=config.told(),
                    engine=engine.model_dump(mode="json"),
                ),
                config.drain_s,
            )
            for number in range(config.workers)
        ]
        try:
            await workers[0].start()  # what keeps one from starting keeps all
            await asyncio.gather(*(worker.start() for worker in workers[1:]))
            ready()
            await asyncio.gather(*(worker.keep() for worker in workers))
        finally:
            listener.close()  # who comes now is refused, and does not wait for nobody
            ending = asyncio.gather(*(worker.end() for worker in workers))
            await asyncio.shield(ending)


class _Worker:
    """One worker process, and its successors."""

    def __init__(self, assignment: Assignment, drain_s: float) -> None:
        self._assignment = assignment
        self._drain_s = drain_s
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start a process and wait until it serves.

        Raises:
            BackendUnavailable: it ended before, or takes too long.
        """
        place = self._assignment.place()
        path = place.socket(place.number)
        path.unlink(missing_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "veristone", "serve", "--worker"),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=(self._assignment.listener,),
        )
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):  # it ended already
            self._process.stdin.write(msgspec.json.encode(self._assignment))
            await self._process.stdin.drain()
        self._process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_S):
                while self._process.returncode is None:
                    if await _serves(path):
                        return
                    await asyncio.sleep(0.02)
        raise BackendUnavailable(f"worker {place.number} does not start: see what it said")

    async def keep(self) -> None:
        """Start another one whenever one has died."""
        pause_s = _PAUSE_S
        while True:
            assert self._process is not None
            status = await self._process.wait()
            _log.error("worker %d ended with status %d", self._assignment.number, status)
            await asyncio.sleep(pause_s)
            try:
                await self.start()
                pause_s = _PAUSE_S
            except BackendUnavailable as error:
                _log.error("%s", error)
                pause_s = min(2 * pause_s, _MOST_PAUSE_S)

    async def end(self) -> None:
        """Have it answer what it accepted, and end."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(self._drain_s + _MARGIN_S):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _serves(path: Path) -> bool:
    """Return whether a worker answers on its own socket: then its engine is open, too."""
    try:
        source, sink = await asyncio.open_unix_connection(path)
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    sink.write(b"GET /v1/ping HTTP/1.1\r\nhost: worker\r\nconnection: close\r\n\r\n")
    try:
        return bool(await source.read(1))
    except ConnectionError:
        return False
    finally:
        sink.close()
