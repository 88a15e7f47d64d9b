"""Whoever asks: known by a token where the service has tenants, counted, let through admission."""

import asyncio
import hmac
import time
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.types import Receive

from veristone import InvalidSample, Sample, Verdict
from veristone.service.admission import Admission, Overloaded
from veristone.service.config import ServiceConfig
from veristone.service.metrics import Metrics

__all__ = ["Caller", "Callers"]

_NAME = "veristone.tenant"


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
        known = config.tenants.get(tenant)
        self._most_waiting = known.most_waiting if known is not None else None

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

    def let_in(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Let a request through whose token is known.

        Raises:
            NotAuthorizedException: there are tenants and the token is none of theirs.
        """
        connection.scope["state"][_NAME] = self._tenant(connection.headers.get("authorization"))

    def _tenant(self, authorization: str | None) -> str:
        if not self._config.tenants:
            return ""
        kind, _, given = (authorization or "").partition(" ")
        found = ""
        # Every token is compared, so that the time tells nothing about which of them is near.
        for name, tenant in self._config.tenants.items():
            token = tenant.token.get_secret_value().encode()
            if hmac.compare_digest(token, given.strip().encode()):
                found = name
        if kind.lower() != "bearer" or not found:
            raise NotAuthorizedException("send a token of yours: Authorization: Bearer TOKEN")
        return found

    def caller(self, request: Request[Any, Any, Any]) -> Caller:
        """Return who sent this request; a dependency of the routes."""
        tenant = request.scope["state"][_NAME]
        return Caller(tenant, request.receive, self._config, self._admission, self._metrics)
