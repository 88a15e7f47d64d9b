"""The service as an ASGI application: routes around one engine."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import msgspec
from litestar import Litestar, MediaType, Request, Response, Router, get
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import Scope

from veristone import __version__
from veristone.engine import Engine
from veristone.service import native
from veristone.service.admission import Admission
from veristone.service.audit import Audit
from veristone.service.caller import Caller, Callers, let_in
from veristone.service.canaries import Canaries
from veristone.service.config import NAME, ServiceConfig
from veristone.service.dialects import DIALECTS
from veristone.service.door import Door
from veristone.service.errors import HANDLERS, refuse
from veristone.service.job_paths import job_routes
from veristone.service.jobs import Jobs
from veristone.service.metrics import Metrics, labelled
from veristone.service.peers import OWN, Peers, Place
from veristone.service.session_paths import session_routes
from veristone.service.sessions import Lent, TenantSessions
from veristone.service.status import History, status_routes
from veristone.service.tasks import Tasks, read_tasks
from veristone.service.telemetry import Spans, Watched

__all__ = ["Health", "Service"]

_MIB = 1024 * 1024


class Health(msgspec.Struct, frozen=True):
    """Whether to send samples here, and how busy it is; all workers together."""

    status: str
    version: str
    backend: str
    running: int
    waiting: int
    slots: int
    quarantine: str = ""
    """Why nothing is judged any more: what a canary should have been, and was."""
    workers: int = 1
    """Processes that answer."""

    def __add__(self, other: "Health") -> "Health":
        why = self.quarantine or other.quarantine
        return Health(
            "quarantined" if why else "ok",
            self.version,
            self.backend,
            self.running + other.running,
            self.waiting + other.waiting,
            self.slots + other.slots,
            why,
            self.workers + other.workers,
        )


class Service:
    """An open engine as an ASGI application. Used as ``async with``, it works on its jobs.

    Args:
        engine: judges.
        config: of the service.
        place: where it stands among several workers of one service.
    """

    def __init__(
        self, engine: Engine, config: ServiceConfig | None = None, place: Place | None = None
    ) -> None:
        self._config = config = config or ServiceConfig()
        self._spans = None if config.otel is None else Spans(config.otel)
        peers = Peers(place)
        # One sample per sandbox is judged while the next stands ready beside it.
        slots = 2 * engine.config.sandboxes
        self._admission = admission = Admission(engine, slots, config.most_waiting)
        history = History()
        metrics = Metrics(
            admission.load,
            history,
            Audit(config.audit),
            engine.sessions,
            lambda: admission.quarantined,
            self._spans,
        )
        self.canaries = Canaries(engine, admission, metrics.canary, config.canary_s)
        callers = Callers(config, admission, metrics)
        lent = Lent(engine.sessions, config, metrics.opened)
        self._jobs = _jobs(engine, config, admission, metrics)
        about = [
            _health(engine, admission, peers),
            _metrics(metrics, peers),
            *status_routes(engine, admission.load, history, peers),
        ]
        given = _Given(callers, lent, read_tasks(config.tasks))
        app = _application(config, given, self._jobs, about)
        judging = dict.fromkeys(native.JUDGING, refuse)
        judging |= {path: dialect.refuse for dialect in DIALECTS for path in dialect.paths()}
        echoing = frozenset[str]().union(*(dialect.echoing for dialect in DIALECTS))
        door = Door(app, admission, callers, config, judging, metrics.refused, peers, echoing)
        watched = self._spans is not None or config.log == "json"
        self._door = Watched(door, self._spans, log=config.log == "json") if watched else door

    @property
    def quarantined(self) -> str | None:
        """Why nothing is judged any more; None while all is well."""
        return self._admission.quarantined

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """See the ASGI specification."""
        await self._door(scope, receive, send)

    async def __aenter__(self) -> Self:
        """Go on with the jobs that there are.

        Raises:
            ConfigError: another service works on the same folder of jobs.
        """
        if self._jobs is not None:
            await self._jobs.__aenter__()
        self.canaries.begin()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave what is left of the jobs to the next process."""
        await self.canaries.end()
        if self._jobs is not None:
            await self._jobs.__aexit__(kind, error, trace)
        if self._spans is not None:
            await asyncio.to_thread(self._spans.close)


def _jobs(
    engine: Engine, config: ServiceConfig, admission: Admission, metrics: Metrics
) -> Jobs | None:
    if config.jobs is None:
        return None
    return Jobs(
        config.jobs,
        engine,
        admission,
        metrics.judged,
        most=config.max_jobs,
        most_mib=config.max_job_mib,
        keep_s=config.keep_jobs_s,
    )


@dataclass(frozen=True, slots=True)
class _Given:
    """What routes are given, by the names of their arguments."""

    callers: Callers
    lent: Lent
    tasks: Tasks

    def providers(self) -> dict[str, Provide]:
        """Return them as Litestar wants them."""

        # Litestar copies what it is given, deeply; a function it takes as it is.
        def caller(request: Request[Any, Any, Any]) -> Caller:
            return self.callers.caller(request)

        def socket_caller(scope: Scope) -> Caller:
            return self.callers.lasting(scope["state"][NAME])

        def sessions(scope: Scope) -> TenantSessions:
            return self.lent.of(scope["state"][NAME])

        def tasks() -> Tasks:
            return self.tasks

        functions = (caller, socket_caller, sessions, tasks)
        return {each.__name__: Provide(each, sync_to_thread=False) for each in functions}


def _application(
    config: ServiceConfig, given: _Given, jobs: Jobs | None, about: list[Any]
) -> Litestar:
    api = Router(
        "/",
        route_handlers=[
            *native.ROUTES,
            job_routes(jobs),
            session_routes(),
            *(dialect.router() for dialect in DIALECTS),
        ],
        guards=[let_in],
        dependencies=given.providers(),
    )
    return Litestar(
        route_handlers=[api, *about],
        exception_handlers=HANDLERS,
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Veristone",
            version=__version__,
            path="/openapi.json",
            use_handler_docstrings=True,
            render_plugins=[JsonRenderPlugin(path="/")],
        ),
        request_max_body_size=config.max_body_mib * _MIB,
    )


def _health(engine: Engine, admission: Admission, peers: Peers) -> Any:
    def own() -> Health:
        load, why = admission.load(), admission.quarantined or ""
        status = "quarantined" if why else "ok"
        busy = (load.running, load.waiting, load.slots)
        return Health(status, __version__, engine.backend, *busy, why)

    @get("/health", tags=["about"])
    async def health(request: Request[Any, Any, Any]) -> Response[Health]:
        """Say that the service is up and how busy it is; 503: it judges nothing any more."""
        first, *others = await peers.tell(request, "/health", own)
        said = sum(others, start=first)
        return Response(said, status_code=503 if said.quarantine else 200)

    return health


def _metrics(counted: Metrics, peers: Peers) -> Callable[..., Any]:
    @get("/metrics", media_type=MediaType.TEXT, tags=["about"])
    async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Return counters in Prometheus's text format, with the worker's number where there are
        several."""
        text = counted.text()
        if OWN not in request.headers:
            texts = await peers.everybodys("/metrics", text)
            text = text if peers.alone else labelled(texts)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    return metrics
