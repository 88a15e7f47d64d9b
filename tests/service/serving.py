"""A service over a scripted back end, asked without a network; or one as people run it."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import httpx

from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend
from veristone.service import Service, ServiceConfig

COMMAND = str(Path(sys.executable).parent / "veristone")


@contextlib.asynccontextmanager
async def serving(
    backend: FakeBackend | None = None, sandboxes: int = 2, **settings: Any
) -> AsyncGenerator[httpx.AsyncClient]:
    """Yield a client of a service whose engine answers from a script."""
    config = EngineConfig(sandboxes=sandboxes, attempts=1)
    async with (
        Engine(config, backend=backend or FakeBackend()) as engine,
        Service(engine, ServiceConfig.model_validate(settings)) as app,
    ):
        # An exception of the application is a 500, as it is over a network.
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # pyright: ignore[reportArgumentType] - Litestar's own types of ASGI
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield client


@contextlib.contextmanager
def served(*options: str) -> Generator[tuple[str, subprocess.Popen[str]]]:
    """Start a service on a free port and yield its address."""
    words = [COMMAND, "serve", "--port", "0", "--backend", "bubblewrap", *options]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            assert "listening on " in said, said + process.stderr.read()
            yield said.split("listening on ")[1].split(";")[0], process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
