"""A service over a scripted back end, asked without a network; or one as people run it."""

import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import httpx
from served import COMMAND, served

from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend
from veristone.service import Service, ServiceConfig

__all__ = ["COMMAND", "served", "serving"]


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
