"""A real HTTP server on loopback that speaks OpenAI's protocol and misbehaves as it is told."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from veristone.generators.models.config import OpenAIConfig
from veristone.generators.models.openai import OpenAIModel


@dataclass(frozen=True)
class Asked:
    """What the server was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(frozen=True)
class Says:
    """What it answers, and how badly."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cut_at: int | None = None
    """Send so many bytes of the body, then drop the connection."""
    drip_s: float = 0
    """Send the body byte by byte, with so many seconds between."""


def said(value: object, status: int = 200, **headers: str) -> Says:
    """JSON; headers with underscores for hyphens."""
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return Says(json.dumps(value).encode(), status, names)


def refusal(status: int, message: str, **headers: str) -> Says:
    """An error as OpenAI's servers write it."""
    return said({"error": {"message": message, "type": "t", "code": status}}, status, **headers)


def choices(asked: Asked, *texts: str, **more: Any) -> Says:
    """An answer with these texts."""
    chat = "messages" in asked.body
    listed = [
        {"index": index, "finish_reason": "stop", **more}
        | ({"message": {"role": "assistant", "content": text}} if chat else {"text": text})
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 3, "completion_tokens": 2 * len(texts)}
    return said({"choices": listed, "usage": usage})


def obedient(asked: Asked) -> Says:
    """As many choices as are asked for, that tell the seed and their number."""
    seed, n = asked.body.get("seed"), asked.body.get("n", 1)
    return choices(asked, *(f"{seed}/{index}" for index in range(n)))


Answer = Callable[[Asked], Says | Awaitable[Says]]


class ModelServer:
    """Listens on a free port of 127.0.0.1. `asked` has every request for completions."""

    def __init__(self, answer: Answer = obedient, *, models: Says | None = None) -> None:
        self.answer = answer
        self.models = models or said({"data": [{"id": "tiny", "owned_by": "someone"}]})
        self.asked: list[Asked] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.connections = 0
        self.dropped = 0
        """Connections that the client closed while it was owed an answer."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 24)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def model(self, **settings: Any) -> OpenAIModel:
        """A model on this server, that loses its patience soon and rolls no dice."""
        config = {"base_url": self.url, "patience_s": 5, "open_patience_s": 2, **settings}
        return OpenAIModel(OpenAIConfig.model_validate(config), jitter=lambda: 0.0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            while (asked := await _request(reader)) is not None:
                says = self.models if asked.path == "/v1/models" else await self._answer(asked)
                if not await _send(writer, says):
                    break
        except (ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            self.dropped += 1
        finally:
            writer.close()

    async def _answer(self, asked: Asked) -> Says:
        self.asked.append(asked)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            says = self.answer(asked)
            return says if isinstance(says, Says) else await says
        finally:
            self.in_flight -= 1


async def _request(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, path, headers, json.loads(body) if body else {})


async def _send(writer: asyncio.StreamWriter, says: Says) -> bool:
    """Answer; false where the connection is to be dropped."""
    headers = {"Content-Type": "application/json", "Content-Length": str(len(says.body))}
    lines = [f"{name}: {value}" for name, value in (headers | dict(says.headers)).items()]
    head = "\r\n".join([f"HTTP/1.1 {says.status} Odd", *lines, "", ""]).encode()
    if says.drip_s:
        writer.write(head)
        for place in range(len(says.body)):
            writer.write(says.body[place : place + 1])
            await writer.drain()
            await asyncio.sleep(says.drip_s)
        return True
    writer.write(head + says.body[: says.cut_at])
    await writer.drain()
    return says.cut_at is None
