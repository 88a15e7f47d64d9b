"""Whoever asks: known by a token where the service has tenants, counted, let through admission."""

import asyncio
import hmac
import time
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.types import Receive

from veristone import Decision, InvalidSample, Sample, Verdict
from veristone.service.admission import Admission, NoVerdict, Overloaded
from veristone.service.config import ServiceConfig
from veristone.service.metrics import Metrics

__all__ = ["NAME", "Caller", "Callers", "let_in"]

NAME = "veristone.tenant"
"""Key of a request's state: the tenant that sent it, None where nobody knows the token."""


class Caller:
    """Judges samples for one tenant. What every route is given."""

    def __init__(
        self,
        tenant: str,
        receive: Receive,
        config: ServiceConfig,
        admission: Admission,
        metrics: Metrics,
    ) -> None:
        self._tenant = tenant
        self._receive = receive
        self._admission = admission
        self._metrics = metrics
        self._deadline_s = config.deadline_s
        self._most_waiting = config.most_waiting_of(tenant)

    async def verify(self, sample: Sample, deadline_s: float | None = None) -> Verdict:
        """Judge a sample before its deadline, in seconds from now (None: the service's own).

        Raises:
            Overloaded: there was no time for it.
            InvalidSample: it cannot be judged as it is.
        """
        started = time.monotonic()
        try:
            verdict = await self._admission.verify(
                sample,
                deadline_s or self._deadline_s,
                self._tenant,
                self._most_waiting,
                self._is_there,
            )
        except Overloaded:
            self._metrics.refused(self._tenant)
            raise
        except InvalidSample:
            self._metrics.invalid(self._tenant)
            raise
        self._metrics.judged(self._tenant, verdict, time.monotonic() - started)
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

    async def _is_there(self) -> bool:
        """Return whether the connection stands. The body was read: what still comes is its end."""
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


def let_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let a request through whose token is known: the guard of everything that judges.

    Raises:
        NotAuthorizedException: there are tenants and the token is none of theirs.
    """
    if connection.scope["state"][NAME] is None:
        raise NotAuthorizedException("send a token of yours: Authorization: Bearer TOKEN")
