"""HTTP to one model server: bounded in time and in bytes, with every fault as one of two types.

Connections are kept and used again; there are as many as requests are under way, so none waits for
another's. Answers are asked for uncompressed: a small compressed body can expand to anything.
"""

import asyncio
import contextlib
import ipaddress
import os
import ssl
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

import httpx

from veristone import ConfigError
from veristone.generators.models.config import OpenAIConfig
from veristone.generators.models.wire.answers import BadAnswer
from veristone.generators.models.wire.faults import Again

__all__ = ["Reply", "Transport"]

_ERROR_BYTES = 1 << 16
"""As much of an error's body as is read; its message is all that is shown of it."""
_KEPT_S = 3.0
"""How long an idle connection is kept: less than the 5 s after which vLLM's server, uvicorn, closes
it, since a request sent at that moment is lost."""
_CLOSE_S = 5.0
_LANE = 8
"""Connections in one pool. At every request httpx looks at every connection of its pool: with 256
in one, that is most of what a request costs."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer, whole."""

    status: int
    headers: Mapping[str, str]
    """With names in lower case."""
    body: bytes


class Transport:
    """A pool of connections. The API key is in its headers and nowhere else."""

    def __init__(self, config: OpenAIConfig) -> None:
        """Read the key from the environment; connect to nothing yet.

        Raises:
            ConfigError: the key is missing or no key, or a proxy's address is wrong.
        """
        self._url = config.base_url
        self._timeout_s = config.timeout_s
        self._most_bytes = config.max_response_mib << 20
        self._key = _key(config.api_key_env)
        self._headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            self._headers["Authorization"] = f"Bearer {self._key}"
        self._timeouts = httpx.Timeout(config.timeout_s, connect=config.connect_timeout_s)
        # A proxy of the environment is for other hosts than this one.
        self._trust_env = not _is_here(config.base_url)
        try:
            self._tls = httpx.create_ssl_context(trust_env=self._trust_env)
            self._lanes = [self._new_lane()]
        except (ImportError, ValueError, OSError) as error:
            raise ConfigError(f"HTTP client (proxies, certificates): {error}") from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection; a request under way fails."""
        async with asyncio.timeout(_CLOSE_S):
            await asyncio.shield(asyncio.gather(*(lane.client.aclose() for lane in self._lanes)))

    async def get(self, path: str) -> Reply:
        """Ask for a path below the server's address.

        Raises:
            Again: no answer, or none in time.
            BadAnswer: an answer that is too large or compressed.
            ConfigError: the server's certificate is not valid.
        """
        return await self._send("GET", path, b"")

    async def post(self, path: str, body: bytes) -> Reply:
        """Send JSON to a path below the server's address; raises what `get` does."""
        return await self._send("POST", path, body)

    async def _send(self, method: str, path: str, body: bytes) -> Reply:
        headers = {"Content-Type": "application/json"} if body else {}
        try:
            async with asyncio.timeout(self._timeout_s), self._lane() as client:
                url = self._url + path
                async with client.stream(method, url, content=body, headers=headers) as response:
                    return await self._read(response)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if (reason := _bad_certificate(error)) is not None:
                raise ConfigError(f"{self._url}: {reason}") from error
            raise Again(f"no connection: {_said(error)}") from error
        except (httpx.TimeoutException, TimeoutError) as error:
            raise Again(f"no answer in {self._timeout_s:g} s", overloaded=True) from error
        except httpx.TransportError as error:
            raise Again(f"the connection broke: {_said(error)}") from error

    @contextlib.asynccontextmanager
    async def _lane(self) -> AsyncGenerator[httpx.AsyncClient]:
        """Lend the first pool that has a connection free, or a new one."""
        lane = next((lane for lane in self._lanes if lane.busy < _LANE), None)
        if lane is None:
            lane = self._new_lane()
            self._lanes.append(lane)
        lane.busy += 1
        try:
            yield lane.client
        finally:
            lane.busy -= 1

    def _new_lane(self) -> "_Lane":
        limits = httpx.Limits(max_keepalive_connections=_LANE, keepalive_expiry=_KEPT_S)
        client = httpx.AsyncClient(
            headers=self._headers,
            timeout=self._timeouts,
            limits=limits,
            trust_env=self._trust_env,
            verify=self._tls,
        )
        return _Lane(client)

    async def _read(self, response: httpx.Response) -> Reply:
        good = response.status_code == 200
        if good and response.headers.get("content-encoding", "identity") != "identity":
            raise BadAnswer("a compressed answer, though none was asked for")
        most = self._most_bytes if good else _ERROR_BYTES
        pieces: list[bytes] = []
        size = 0
        async for piece in response.aiter_raw():
            pieces.append(piece)
            size += len(piece)
            if size > most:
                break
        body = b"".join(pieces)
        if good and size > most:
            raise BadAnswer(
                f"an answer of more than {most >> 20} MiB: raise `max_response_mib`, "
                "or ask for fewer or shorter completions"
            )
        if not good and self._key:
            body = body.replace(self._key.encode(), b"***")
        return Reply(response.status_code, response.headers, body[:most])


@dataclass(slots=True)
class _Lane:
    client: httpx.AsyncClient
    busy: int = 0


def _key(variable: str) -> str:
    if not variable:
        return ""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ConfigError(f"the environment variable {variable} (api_key_env) is not set")
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(f"what {variable} (api_key_env) holds is no key: it has odd characters")
    return key


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bad_certificate(error: BaseException | None) -> str | None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate is not valid here: {error.verify_message}"
        error = error.__cause__ or error.__context__
    return None


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
