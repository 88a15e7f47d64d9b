"""Heads of requests have bounds: in bytes and in time."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import uvicorn

from veristone.service import protocol
from veristone.service.protocol import BoundedProtocol
from veristone.service.serve import _Server


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[int]:
    """Yield the port of a server that says 204 to everything, and waits for no head."""
    monkeypatch.setattr(protocol, "_HEAD_S", 0.3)

    async def app(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})  # pyright: ignore
        await send({"type": "http.response.body"})  # pyright: ignore

    config = uvicorn.Config(app, port=0, http=BoundedProtocol, lifespan="off", log_config=None)
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


@pytest.mark.parametrize("head", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\n"])
@pytest.mark.parametrize("before", [0, 2])
async def test_a_head_that_does_not_end_is_hung_up_on(port: int, head: bytes, before: int) -> None:
    source, sink = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(before):
        sink.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"204" in await source.readuntil(b"\r\n\r\n")
    sink.write(head)
    async with asyncio.timeout(20):
        assert await source.read() == b""
    sink.close()


async def test_a_head_that_is_too_large_is_refused(port: int) -> None:
    source, sink = await asyncio.open_connection("127.0.0.1", port)
    sink.write(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 200_000)
    assert b" 400 " in await source.readline()
    sink.close()
