"""The worker processes of one service, as each of them sees the others.

All accept on one listening socket, so a request reaches any of them. Each listens on a Unix socket
of its own besides, in a folder that only this user may enter, and over that the others ask it for
its numbers and hand it what only it can answer: sessions and what else is kept in memory between
requests live in the first worker.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httptools
import msgspec
from litestar import Request

from veristone.service.admission import NoVerdict

__all__ = ["OWN", "Peers", "Place"]

T = TypeVar("T")
_ASK_S = 5.0
_BLOCK = 256 * 1024
OWN = "x-veristone-own"
"""A header of what one worker asks another: it answers for itself alone."""


class Place(NamedTuple):
    """Where a worker stands among all: its number, and the folder of everybody's sockets."""

    number: int
    workers: int
    folder: Path

    def socket(self, number: int) -> Path:
        """Return where a worker listens."""
        return self.folder / f"{number}.sock"


class Peers:
    """The other workers.

    Args:
        place: where this one stands; None: it is the only one.
    """

    def __init__(self, place: Place | None) -> None:
        self._place = place

    @property
    def number(self) -> int:
        """This worker's."""
        return 0 if self._place is None else self._place.number

    @property
    def alone(self) -> bool:
        """True where there are no others."""
        return self._place is None

    async def tell(
        self, request: Request[Any, Any, Any], path: str, own: Callable[[], T]
    ) -> list[T]:
        """Return what every worker says of itself at a path; this one alone where a worker asks."""
        mine = own()
        if self.alone or OWN in request.headers:
            return [mine]
        answers = await self.everybodys(path, msgspec.json.encode(mine))
        return [msgspec.json.decode(answer, type=type(mine)) for answer in answers.values()]

    async def everybodys(self, path: str, own: bytes) -> dict[int, bytes]:
        """Return what every worker answers to a GET; who does not answer is left out."""
        if self._place is None:
            return {0: own}
        others = [number for number in range(self._place.workers) if number != self.number]
        answers = await asyncio.gather(*(self._get(number, path) for number in others))
        found = {n: body for n, body in zip(others, answers, strict=True) if body is not None}
        return dict(sorted({**found, self.number: own}.items()))

    async def _get(self, number: int, path: str) -> bytes | None:
        assert self._place is not None
        request = b"GET %s HTTP/1.1\r\nhost: worker\r\n%s: 1\r\nconnection: close\r\n\r\n"
        body = bytearray()
        with contextlib.suppress(OSError, TimeoutError, httptools.HttpParserError):
            async with asyncio.timeout(_ASK_S):
                answer = _answer(
                    self._place.socket(number), request % (path.encode(), OWN.encode()), None
                )
                async with contextlib.aclosing(answer) as messages:
                    async for message in messages:
                        body += message.get("body", b"")
            return bytes(body)
        return None

    def forwards(self, path: str, headers: Mapping[bytes, bytes]) -> bool:
        """True where a request is the first worker's, and this is another one."""
        if self.number == 0:
            return False
        kept = any(path == each or path.startswith(f"{each}/") for each in _KEPT)
        return kept or (path == "/execute" and b"x-session-id" in headers)

    async def forward(self, scope: Any, receive: Any, send: Any) -> None:
        """Have the first worker answer a request; an ASGI application.

        Raises:
            NoVerdict: it is away, or went away in the middle.
        """
        assert self._place is not None
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        target = scope["raw_path"] + query
        lines = [b"%s %s HTTP/1.1" % (scope["method"].encode(), target), b"connection: close"]
        given = [(name, value) for name, value in scope["headers"] if name not in _HOPS]
        body = None
        if any(name == b"content-length" for name, _ in given):
            body = _sized(receive)
        elif any(name == b"transfer-encoding" for name, _ in scope["headers"]):
            given.append((b"transfer-encoding", b"chunked"))
            body = _chunked(receive)
        lines += [b"%s: %s" % pair for pair in given]
        head = b"\r\n".join(lines) + b"\r\n\r\n"
        answer = _answer(self._place.socket(0), head, body)
        try:
            async with contextlib.aclosing(answer) as messages:
                async for message in messages:
                    await send(message)
        except OSError as error:
            raise NoVerdict(f"the worker that keeps this is away: {error}") from error


_HOPS = (b"connection", b"transfer-encoding", b"keep-alive", b"te", b"upgrade", b"expect")
_KEPT = ("/v1/sessions", "/sessions", "/submissions", "/e2b")
"""Paths, and all below them, whose answers depend on what is kept in memory between requests."""


async def _sized(receive: Any) -> AsyncGenerator[bytes]:
    more = True
    while more:
        message = await receive()
        yield message.get("body", b"")
        more = message.get("more_body", False)


async def _chunked(receive: Any) -> AsyncGenerator[bytes]:
    async for block in _sized(receive):
        if block:
            yield b"%x\r\n%s\r\n" % (len(block), block)
    yield b"0\r\n\r\n"


class _Reader:
    """Makes messages of ASGI out of an answer; called by httptools."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.done = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Return what is complete now."""
        self._parser.feed_data(data)
        messages, self.messages = self.messages, []
        return messages

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called with each header."""
        if name.lower() not in _HOPS:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Called behind the headers."""
        status = self._parser.get_status_code()
        head = {"type": "http.response.start", "status": status, "headers": self._headers}
        self.messages.append(head)

    def on_body(self, body: bytes) -> None:
        """Called with each part of the body."""
        self.messages.append({"type": "http.response.body", "body": body, "more_body": True})

    def on_message_complete(self) -> None:
        """Called at the end."""
        self.done = True
        self.messages.append({"type": "http.response.body", "body": b"", "more_body": False})


async def _answer(
    socket: Path, head: bytes, body: AsyncGenerator[bytes] | None
) -> AsyncGenerator[dict[str, Any]]:
    """Send a request over a worker's socket, and yield its answer as messages of ASGI."""
    source, sink = await asyncio.open_unix_connection(socket)
    try:
        sink.write(head)
        if body is not None:
            async for block in body:
                sink.write(block)
                await sink.drain()
        reader = _Reader()
        while not reader.done:
            data = await source.read(_BLOCK)
            if not data:
                raise ConnectionResetError("the worker went away before its answer was whole")
            for message in reader.feed(data):
                yield message
    finally:
        sink.close()
