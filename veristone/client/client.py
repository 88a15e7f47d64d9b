"""The asynchronous client, a `Verifier` over HTTP."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from types import TracebackType
from typing import Any, Self

import msgspec

from veristone import (
    BackendUnavailable,
    ConfigError,
    InvalidSample,
    Reason,
    Sample,
    SessionOptions,
    SessionsFull,
    Verdict,
)
from veristone.client.endpoints import Endpoint, Endpoints
from veristone.client.session import ClientSession, fault
from veristone.extras import need_modules
from veristone.session import SessionState
from veristone.stream import stream_map

__all__ = ["Client"]

_AT_ONCE = 256
_WINDOW = 1024
_PAUSE_S, _MOST_PAUSE_S = 0.1, 5.0
_START_S = 120.0
"""In which a service starts a sandbox for a session."""
_WAY_BACK_S = 2.0
"""How long after the deadline that the service was told its answer may still arrive."""
_UNFIT = {400, 413, 422}
_FORBIDDEN = {401, 403, 404, 405}

_decode = msgspec.json.Decoder(Verdict).decode
_encode = msgspec.json.Encoder().encode


class Client:
    """Asks one service or several that do the same. Satisfies `veristone.Verifier`.

    Promised: a verdict for every sample, at the latest a little after its deadline. Overload, a
    service that is away and a fault of its sandboxes are asked again, elsewhere where there is
    more than one service; what has no answer at the deadline is `undecided`, never a failure.

    Args:
        urls: addresses of services, as ``http://HOST:PORT``.
        token: of a tenant, where the services have tenants.
        deadline_s: seconds a sample may take, its waiting included.
        transport: of httpx, in place of the network.
    """

    def __init__(
        self,
        *urls: str,
        token: str | None = None,
        deadline_s: float = 300.0,
        transport: Any = None,
    ) -> None:
        if not urls:
            raise ConfigError("give the address of a service, as http://127.0.0.1:8080")
        for url in urls:
            if not url.startswith(("http://", "https://")):
                raise ConfigError(f"{url!r} is no address of a service: http://HOST:PORT")
        need_modules("httpx", extra="client")
        import httpx

        self._deadline_s = deadline_s
        self._endpoints = Endpoints(urls)
        self._freed = asyncio.Condition()
        self._lost = (httpx.HTTPError,)
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {token}"} if token else {},
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=_AT_ONCE),
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def verify(self, sample: Sample, deadline_s: float | None = None) -> Verdict:
        """Judge one sample; see `veristone.Verifier`.

        Raises:
            InvalidSample: no service can judge the sample as it is.
            ConfigError: the token or the address is wrong.
        """
        end = time.monotonic() + (deadline_s or self._deadline_s)
        body = _encode(sample)
        pause_s = _PAUSE_S
        trouble: _Trouble = _Trouble(Reason.OVERLOADED, "every service had enough to do")
        while (left_s := end - time.monotonic()) > 0:
            endpoint = await self._take(left_s)
            if endpoint is None:
                break
            answer = await self._ask(endpoint, body, end - time.monotonic())
            if isinstance(answer, Verdict):
                return answer
            trouble = answer
            wait_s = max(pause_s * random.uniform(0.5, 1.5), answer.retry_after_s)
            await asyncio.sleep(max(0.0, min(wait_s, end - time.monotonic())))
            pause_s = min(2 * pause_s, _MOST_PAUSE_S)
        return Verdict.undecided(sample.id, trouble.reason, trouble.message)

    async def verify_stream(
        self, samples: Iterable[Sample] | AsyncIterable[Sample], *, ordered: bool = True
    ) -> AsyncIterator[Verdict]:
        """Judge samples as they come; see `veristone.Verifier`."""
        stream = stream_map(
            self._verify_any, samples, workers=_AT_ONCE, window=_WINDOW, ordered=ordered
        )
        async with contextlib.aclosing(stream) as verdicts:
            async for verdict in verdicts:
                yield verdict

    @contextlib.asynccontextmanager
    async def session(
        self, options: SessionOptions | None = None, *, patience_s: float = 60.0
    ) -> AsyncGenerator[ClientSession]:
        """Lend a sandbox of one of the services for several calls; it is destroyed at the end.

        Args:
            options: language, time to live, limits of its calls.
            patience_s: seconds to wait where every service has as many sessions as it may.

        Raises:
            SessionsFull: there was none in time.
            InvalidSample: the options ask for more than a service allows.
            ConfigError: the token or the address is wrong.
            BackendUnavailable: no service answers, or none has a sandbox.
        """
        session = await self.open_session(options or SessionOptions(), patience_s)
        try:
            yield session
        finally:
            # Where the service is away its own clock ends the session.
            with contextlib.suppress(BackendUnavailable):
                await asyncio.shield(asyncio.ensure_future(session.close()))

    async def open_session(self, options: SessionOptions, patience_s: float) -> ClientSession:
        """Start a session that its caller closes; see `session`."""
        end = time.monotonic() + patience_s
        pause_s = _PAUSE_S
        while True:
            endpoint = await self._take(max(_PAUSE_S, end - time.monotonic()))
            trouble: Exception = SessionsFull("every service had enough to do")
            if endpoint is not None:
                try:
                    return await self._start_session(endpoint, options)
                except (SessionsFull, BackendUnavailable) as error:
                    trouble = error
            if time.monotonic() + pause_s > end:
                raise trouble
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _MOST_PAUSE_S)

    async def _start_session(self, endpoint: Endpoint, options: SessionOptions) -> ClientSession:
        note = self._endpoints.dropped
        try:
            answer = await self._http.post(
                f"{endpoint.url}/v1/sessions",
                content=_encode(options),
                headers={"Content-Type": "application/json"},
                timeout=_START_S,
            )
            if answer.status_code >= 400:
                raise fault(answer.status_code, answer.content)
            name = msgspec.json.decode(answer.content, type=SessionState).id
            return ClientSession(self._http, self._lost, endpoint.url, name, options.limits.wall_s)
        except self._lost as error:
            note = self._away
            raise BackendUnavailable(f"{endpoint.url}: {_said(error)}") from error
        finally:
            note(endpoint)
            async with self._freed:
                self._freed.notify()

    async def _verify_any(self, sample: Sample) -> Verdict:
        try:
            return await self.verify(sample)
        except InvalidSample as error:
            return Verdict.undecided(sample.id, Reason.SANDBOX_ERROR, f"not accepted: {error}")

    async def _take(self, left_s: float) -> Endpoint | None:
        """Return a service that may be asked now; None where none was free in time."""
        try:
            async with asyncio.timeout(left_s), self._freed:
                while (endpoint := self._endpoints.take(time.monotonic())) is None:
                    await self._freed.wait()
                return endpoint
        except TimeoutError:
            return None

    async def _ask(self, endpoint: Endpoint, body: bytes, left_s: float) -> "Verdict | _Trouble":
        note = self._endpoints.dropped
        try:
            try:
                response = await self._http.post(
                    f"{endpoint.url}/v1/verify",
                    params={"deadline_s": round(max(0.1, left_s), 3)},
                    content=body,
                    headers={"Content-Type": "application/json"},
                    timeout=left_s + _WAY_BACK_S,
                )
            except self._lost as error:
                note = self._away
                return _Trouble(Reason.SANDBOX_ERROR, f"{endpoint.url}: {_said(error)}")
            if response.status_code == 200:
                note = self._endpoints.answered
                return _verdict(response.content, endpoint.url)
            why = _explained(response.content, response.status_code)
            if response.status_code in _UNFIT:
                raise InvalidSample(why)
            message = f"{endpoint.url}: {why}"
            if response.status_code in _FORBIDDEN:
                raise ConfigError(message)
            note = self._endpoints.refused
            reason = Reason.OVERLOADED if response.status_code == 429 else Reason.SANDBOX_ERROR
            return _Trouble(reason, message, _seconds(response.headers.get("retry-after")))
        finally:
            note(endpoint)
            async with self._freed:
                self._freed.notify()

    def _away(self, endpoint: Endpoint) -> None:
        self._endpoints.lost(endpoint, time.monotonic())


class _Trouble(msgspec.Struct, frozen=True):
    """Why there is no verdict yet."""

    reason: Reason
    message: str
    retry_after_s: float = 0.0


def _verdict(content: bytes, url: str) -> "Verdict | _Trouble":
    try:
        return _decode(content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return _Trouble(Reason.SANDBOX_ERROR, f"{url}: answered what is no verdict: {error}")


def _explained(content: bytes, status: int) -> str:
    try:
        return str(msgspec.json.decode(content, type=dict[str, Any])["error"])
    except (msgspec.MsgspecError, UnicodeError, RecursionError, KeyError):
        return f"answered with status {status}"


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _seconds(header: str | None) -> float:
    try:
        return max(0.0, float(header or 0))
    except ValueError:  # a date, which is allowed: the usual pause will do
        return 0.0
