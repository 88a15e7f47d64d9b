"""Whoever asks: known by a token where the service has tenants, counted, let through admission."""

import asyncio
import contextlib
import hmac
import time
from collections.abc import Iterable
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.types import Receive

from veristone import Decision, InvalidSample, Reason, Sample, Verdict
from veristone.service.admission import Admission, NoVerdict, Overloaded
from veristone.service.config import NAME, ServiceConfig
from veristone.service.metrics import Metrics
from veristone.stream import stream_map

__all__ = ["AT_ONCE", "Caller", "Callers", "let_in"]

AT_ONCE = 64
"""Samples of one request that are under way at one time: enough for any number of cores that one
service drives, and few enough that other requests get their turn between them."""


class Caller:
    """Judges samples for one tenant. What every route is given."""

    def __init__(
        self,
        tenant: str,
        receive: Receive | None,
        config: ServiceConfig,
        admission: Admission,
        metrics: Metrics,
    ) -> None:
        self.tenant = tenant
        self._receive = receive
        self._config = config
        self._admission = admission
        self._metrics = metrics
        self._deadline_s = config.deadline_s
        self._most_waiting = config.most_waiting_of(tenant)

    def detached(self) -> "Caller":
        """Return the same one, for work that goes on when the request has been answered."""
        return Caller(self.tenant, None, self._config, self._admission, self._metrics)

    async def verify(self, sample: Sample, deadline_s: float | None = None) -> Verdict:
        """Judge a sample before its deadline, in seconds from now (None: the service's own).

        Raises:
            Overloaded: there was no time for it.
            NoVerdict: what judges is in quarantine.
            InvalidSample: it cannot be judged as it is.
        """
        started = time.monotonic()
        deadline_s = self._deadline_s if deadline_s is None else deadline_s
        if not deadline_s > 0:
            # A dialect adds its time-outs up: what is no time at all is a mistake, no overload.
            raise InvalidSample(f"time-outs: {deadline_s:g} s is no time to answer in")
        try:
            verdict = await self._admission.verify(
                sample,
                deadline_s,
                self.tenant,
                self._most_waiting,
                self._is_there,
            )
        except NoVerdict as error:
            self._metrics.refused(self.tenant, error, sample.id)
            raise
        except InvalidSample:
            self._metrics.invalid(self.tenant, sample.id)
            raise
        self._metrics.judged(self.tenant, verdict, time.monotonic() - started)
        return verdict

    async def decide(self, sample: Sample, deadline_s: float) -> Verdict:
        """Judge a sample for a dialect whose replies cannot say that there is no verdict.

        Raises:
            NoVerdict: a fault of ours, or no time for it.
            InvalidSample: it cannot be judged as it is.
        """
        verdict = await self.verify(sample, deadline_s)
        if verdict.decision is Decision.UNDECIDED:
            raise NoVerdict(verdict.message)
        return verdict

    async def verify_all(self, samples: Iterable[Sample], deadline_s: float) -> list[Verdict]:
        """Judge samples that share a deadline; what had no time is `undecided`, in its place.

        Raises:
            InvalidSample: one of them cannot be judged as it is.
        """
        end = time.monotonic() + deadline_s

        async def verify(sample: Sample) -> Verdict:
            try:
                return await self.verify(sample, max(0.001, end - time.monotonic()))
            except Overloaded as error:
                return Verdict.undecided(sample.id, Reason.OVERLOADED, str(error))

        stream = stream_map(verify, samples, workers=AT_ONCE, window=AT_ONCE, ordered=True)
        async with contextlib.aclosing(stream) as verdicts:
            return [verdict async for verdict in verdicts]

    async def _is_there(self) -> bool:
        """Return whether the connection stands. The body was read: what still comes is its end."""
        if self._receive is None:
            return True
        try:
            async with asyncio.timeout(0):
                return (await self._receive())["type"] != "http.disconnect"
        except TimeoutError:
            return True


class Callers:
    """Tells tenants apart, and makes a `Caller` for each request."""

    def __init__(self, config: ServiceConfig, admission: Admission, metrics: Metrics) -> None:
        self._config = config
        self._admission = admission
        self._metrics = metrics

    def tenant(self, authorization: bytes | None) -> str | None:
        """Return whose token this header holds: "" where there are no tenants, None: nobody's."""
        if not self._config.tenants:
            return ""
        kind, _, given = (authorization or b"").partition(b" ")
        found = None
        # Every token is compared, so that the time tells nothing about which of them is near.
        for name, tenant in self._config.tenants.items():
            token = tenant.token.get_secret_value().encode()
            if hmac.compare_digest(token, given.strip()):
                found = name
        return found if kind.lower() == b"bearer" else None

    def most_waiting(self, tenant: str) -> int | None:
        """Return how many samples of a tenant may be under way; None: as many as of all."""
        return self._config.most_waiting_of(tenant)

    def caller(self, request: Request[Any, Any, Any]) -> Caller:
        """Return who sent this request; a dependency of the routes."""
        tenant = request.scope["state"][NAME]
        return Caller(tenant, request.receive, self._config, self._admission, self._metrics)

    def lasting(self, tenant: str) -> Caller:
        """Return a tenant whose connection outlasts a request: nobody asks whether it stands."""
        return Caller(tenant, None, self._config, self._admission, self._metrics)


async def let_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let a request through whose token is known: the guard of everything that judges.

    A coroutine although it waits for nothing: any other guard Litestar calls in a thread.

    Raises:
        NotAuthorizedException: there are tenants and the token is none of theirs.
    """
    if connection.scope["state"][NAME] is None:
        raise NotAuthorizedException("send a token of yours: Authorization: Bearer TOKEN")
