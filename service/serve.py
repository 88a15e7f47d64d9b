"""Listen and serve until told to stop."""

import asyncio
import contextlib
import os
import resource
import socket
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import uvicorn

from veristone import BackendUnavailable, ConfigError
from veristone.engine import Engine, EngineConfig
from veristone.service.app import Service
from veristone.service.config import ServiceConfig
from veristone.service.peers import Place
from veristone.service.protocol import BoundedProtocol, BoundedSocket
from veristone.service.telemetry import log_as_json
from veristone.service.workers import Assignment, supervised

__all__ = ["serve", "work"]

_BACKLOG = 2048
"""Connections that wait to be accepted."""
_MOST_MESSAGE = 4 * 1024 * 1024
"""Bytes of a websocket's message."""
_AT_ONCE, _AT_ONCE_OF_SEVERAL = 16, 2
"""Connections that are accepted in one turn of the event loop. The more there are, the longer a
turn is, and a sample needs several: with 2048, ten times too many requests left no time to judge
any. One of several workers takes fewer, so that the others get their share."""


async def serve(
    config: ServiceConfig,
    engine: EngineConfig | None = None,
    on_ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve an engine over HTTP until this is cancelled, or several, each in a process of its own.

    Then no new connection is taken, and requests under way have `drain_s` seconds to end. Jobs are
    stopped where they are; the next service goes on with them.

    Args:
        config: of the service.
        engine: of the engine behind it.
        on_ready: called with the address once requests can be sent there.

    Raises:
        ConfigError: the address cannot be listened on, or must not be without tenants.
        BackendUnavailable: there is no way to isolate samples here, or its verdicts are wrong.
    """
    config.check_exposure()
    engine = engine or EngineConfig()
    if config.log == "json":
        log_as_json()
    _allow_files()
    with _listening(config) as (listener, address):
        if config.workers > 1:
            await supervised(config, engine, listener, lambda: on_ready(address))
        else:
            await _serve_one(config, engine, [listener], None, lambda: on_ready(address))


def _allow_files() -> None:
    """Have as many open files as the system allows: each connection is one, and workers inherit."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def work(assignment: Assignment) -> None:
    """Be one worker of several: serve on the socket that all share, until this is cancelled.

    Raises:
        ConfigError: the settings do not fit each other.
        BackendUnavailable: there is no way to isolate samples here, or its verdicts are wrong.
    """
    place = assignment.place()
    with (
        socket.socket(fileno=assignment.listener) as shared,
        _unix(place.socket(place.number)) as own,
    ):
        config, engine = assignment.settings()
        if config.log == "json":
            log_as_json()
        await _serve_one(config, engine, [shared, own], place, lambda: None)


async def _serve_one(
    config: ServiceConfig,
    engine: EngineConfig,
    listeners: Sequence[socket.socket],
    place: Place | None,
    ready: Callable[[], None],
) -> None:
    async with Engine(engine) as opened, Service(opened, config, place) as app:
        if config.canary_s > 0:
            await app.canaries.ask_all("python")
        if app.quarantined is not None:
            raise BackendUnavailable(f"verdicts are wrong here: {app.quarantined}")
        settings = http_settings(app, config, alone=place is None)
        await _run(_Server(settings), listeners, ready)


def http_settings(app: Service, config: ServiceConfig, *, alone: bool) -> uvicorn.Config:
    """Return how HTTP is spoken, by the only process that listens or by one of several."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        http=BoundedProtocol,
        ws=BoundedSocket,
        ws_max_size=_MOST_MESSAGE,
        # A small message could become any number of bytes before they are counted.
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=int(config.drain_s),
        backlog=_AT_ONCE if alone else _AT_ONCE_OF_SEVERAL,
        # Nobody's address is believed: a proxy in front has nothing to tell us here.
        proxy_headers=False,
        server_header=False,
    )


class _Server(uvicorn.Server):
    """A server that leaves signals to the program that runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """See `uvicorn.Server`."""
        yield


async def _run(
    server: _Server, listeners: Sequence[socket.socket], ready: Callable[[], None]
) -> None:
    """Serve until this is cancelled; then answer what was accepted."""
    serving = asyncio.ensure_future(server.serve(sockets=list(listeners)))
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(0.005)
        if serving.done():
            await serving  # raises what kept it from starting
        for listener in listeners:
            listener.listen(_BACKLOG)  # asyncio takes what it accepts at a time for this, too
        ready()
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


@contextlib.contextmanager
def _listening(config: ServiceConfig) -> Generator[tuple[socket.socket, str]]:
    """Yield a listening socket and its address."""
    if config.uds is not None:
        with _unix(config.uds) as listener:
            yield listener, f"unix:{config.uds}"
        return
    try:
        listener = socket.create_server((config.host, config.port), backlog=_BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {config.host}:{config.port}: {error.strerror};"
            " choose another with --port"
        ) from error
    host, port = listener.getsockname()[:2]
    with listener:
        yield listener, f"http://{host}:{port}"


@contextlib.contextmanager
def _unix(path: Path) -> Generator[socket.socket]:
    """Yield a listening Unix socket, which is removed at the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            # Nobody else may ask, whatever the folder's rights are.
            before = os.umask(0o077)
            try:
                listener.bind(str(path))
            finally:
                os.umask(before)
            listener.listen(_BACKLOG)
        except OSError as error:
            raise ConfigError(f"cannot listen on {path}: {error.strerror}") from error
        try:
            yield listener
        finally:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
