"""Listen and serve until told to stop."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Generator

import uvicorn

from veristone import ConfigError
from veristone.engine import Engine, EngineConfig
from veristone.service.app import Service
from veristone.service.config import ServiceConfig

__all__ = ["serve"]


async def serve(
    config: ServiceConfig,
    engine: EngineConfig | None = None,
    on_ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve an engine over HTTP until this is cancelled.

    Then no new connection is taken, and requests under way have `drain_s` seconds to end. Jobs are
    stopped where they are; the next service goes on with them.

    Args:
        config: of the service.
        engine: of the engine behind it.
        on_ready: called with the address once requests can be sent there.

    Raises:
        ConfigError: the address cannot be listened on, or must not be without tenants.
        BackendUnavailable: there is no way to isolate samples here.
    """
    config.check_exposure()
    async with Engine(engine) as opened, Service(opened, config) as app:
        with _listening(config) as (listener, address):
            settings = uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="wsproto",
                timeout_graceful_shutdown=int(config.drain_s),
                # Nobody's address is believed: a proxy in front has nothing to tell us here.
                proxy_headers=False,
                server_header=False,
            )
            on_ready(address)
            await _run(_Server(settings), listener)


class _Server(uvicorn.Server):
    """A server that leaves signals to the program that runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """See `uvicorn.Server`."""
        yield


async def _run(server: _Server, listener: socket.socket) -> None:
    """Serve until this is cancelled; then answer what was accepted."""
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


@contextlib.contextmanager
def _listening(config: ServiceConfig) -> Generator[tuple[socket.socket, str]]:
    """Yield a listening socket and its address; a Unix socket is removed at the end."""
    if config.uds is None:
        try:
            listener = socket.create_server((config.host, config.port), backlog=2048)
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {config.host}:{config.port}: {error.strerror};"
                " choose another with --port"
            ) from error
        host, port = listener.getsockname()[:2]
        with listener:
            yield listener, f"http://{host}:{port}"
        return
    path = str(config.uds)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            # Nobody else may ask, whatever the folder's rights are.
            before = os.umask(0o077)
            try:
                listener.bind(path)
            finally:
                os.umask(before)
            listener.listen(2048)
        except OSError as error:
            raise ConfigError(f"cannot listen on {path}: {error.strerror}") from error
        try:
            yield listener, f"unix:{path}"
        finally:
            with contextlib.suppress(FileNotFoundError):
                config.uds.unlink()
