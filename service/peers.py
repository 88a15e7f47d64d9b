"""The worker processes of one service, as each of them sees the others.

All accept on one listening socket, so a request reaches any of them. Each listens on a Unix socket
of its own besides, in a folder that only this user may enter, and over that the others ask it for
its numbers and hand it what only it can answer: sessions and what else is kept in memory between
requests live in the first worker.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx
import msgspec
from litestar import Request

from veristone.service.admission import NoVerdict

__all__ = ["OWN", "Peers", "Place"]

T = TypeVar("T")
_ASK_S = 5.0
_WORKER = "http://worker"
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
        request = httpx.Request("GET", f"{_WORKER}{path}", headers={OWN: "1"})
        with contextlib.suppress(httpx.HTTPError, TimeoutError):
            async with asyncio.timeout(_ASK_S), self._worker(number) as worker:
                answer = await worker.handle_async_request(request)
                return await answer.aread()
        return None

    def _worker(self, number: int) -> httpx.AsyncHTTPTransport:
        """Return a connection to a worker, for one request."""
        assert self._place is not None
        return httpx.AsyncHTTPTransport(uds=str(self._place.socket(number)), verify=False)

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
        target = scope["raw_path"]
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
        request = httpx.Request(
            scope["method"],
            httpx.URL(_WORKER).copy_with(raw_path=target),
            headers=[(name, value) for name, value in scope["headers"] if name not in _HOPS],
            content=_body(receive) if _has_body(scope["headers"]) else None,
        )
        try:
            async with self._worker(0) as worker:
                await _pass_on(await worker.handle_async_request(request), send)
        except httpx.HTTPError as error:
            raise NoVerdict(f"the worker that keeps this is away: {error}") from error


_HOPS = (b"connection", b"transfer-encoding", b"keep-alive", b"te", b"upgrade", b"expect")
_KEPT = ("/v1/sessions", "/sessions", "/submissions", "/e2b")
"""Paths, and all below them, whose answers depend on what is kept in memory between requests."""


def _has_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in headers)


async def _body(receive: Any) -> AsyncGenerator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":  # half of it must not look like all of it
            raise NoVerdict("whoever sent this has left in the middle of it")
        yield message["body"]
        more = message["more_body"]


async def _pass_on(answer: httpx.Response, send: Any) -> None:
    headers = [(name.lower(), value) for name, value in answer.headers.raw]
    headers = [(name, value) for name, value in headers if name not in _HOPS]
    start = {"type": "http.response.start", "status": answer.status_code, "headers": headers}
    await send(start)
    async with contextlib.aclosing(answer.aiter_raw()) as blocks:
        async for block in blocks:
            await send({"type": "http.response.body", "body": block, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
