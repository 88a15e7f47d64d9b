"""What a service tells whoever runs it about each request: lines of a log, spans of OpenTelemetry.

Off unless the settings ask. A line of the log is one JSON object on standard error, ours and those
of the libraries alike. Spans go to a collector over OTLP; a request that says what it belongs to
(`traceparent`, W3C Trace Context) is a part of that trace, and each verdict is a part of its
request. No code and no output is in either.
"""

import contextlib
import logging
import sys
import time
from collections.abc import Generator, Mapping
from typing import Any

import msgspec

from veristone import Verdict, __version__
from veristone.extras import need_modules
from veristone.service.config import NAME

__all__ = ["JsonLines", "Spans", "Watched", "log_as_json"]

_log = logging.getLogger("veristone.service.requests")
_NS = 1_000_000_000


class JsonLines(logging.Formatter):
    """Writes a record of a log as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        line: dict[str, Any] = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def log_as_json() -> None:
    """Send everything from INFO on to standard error, a line of JSON each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # its comings and goings are ours, too


class Spans:
    """Spans of requests and verdicts, sent to a collector.

    Args:
        endpoint: of the collector, as ``http://HOST:4318``.

    Raises:
        ConfigError: the extra `otel` is not installed.
    """

    def __init__(self, endpoint: str) -> None:
        need_modules(
            "opentelemetry.sdk.trace",
            "opentelemetry.exporter.otlp.proto.http.trace_exporter",
            extra="otel",
        )
        from opentelemetry import propagate, trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        about = Resource.create({"service.name": "veristone", "service.version": __version__})
        self._provider = TracerProvider(resource=about, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("veristone.service", __version__)
        self._extract = propagate.extract
        self._server = trace.SpanKind.SERVER
        self._failed = trace.StatusCode.ERROR

    @contextlib.contextmanager
    def request(self, method: str, path: str, headers: Mapping[str, str]) -> Generator[Any]:
        """Yield the span of a request; what is told meanwhile is a part of it."""
        with self._tracer.start_as_current_span(
            f"{method} {path}",
            context=self._extract(headers),
            kind=self._server,
            attributes={"http.request.method": method, "url.path": path},
        ) as span:
            yield span

    def answered(self, span: Any, status: int) -> None:
        """Note the status of an answer."""
        span.set_attribute("http.response.status_code", status)
        if status >= 500:
            span.set_status(self._failed)

    def verdict(self, verdict: Verdict, seconds: float) -> None:
        """Tell of a verdict that took so many seconds and came now."""
        now = time.time_ns()
        attributes = {
            "veristone.decision": str(verdict.decision),
            "veristone.reason": str(verdict.reason),
            "veristone.attempts": verdict.attempts,
            "veristone.cpu_s": verdict.usage.cpu_s,
            "veristone.queued_s": verdict.usage.queued_s,
        }
        start = now - int(seconds * _NS)
        self._tracer.start_span("verify", start_time=start, attributes=attributes).end(now)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


class Watched:
    """An ASGI application around another one, which tells of each request.

    Args:
        app: what is watched.
        spans: of OpenTelemetry, where they are wanted.
        log: whether each request is a line of the log.
    """

    def __init__(self, app: Any, spans: Spans | None, *, log: bool) -> None:
        self._app = app
        self._spans = spans
        self._log = log

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.monotonic(), 0

        async def noting(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        method, path = scope["method"], scope["path"]
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        with contextlib.ExitStack() as stack:
            span = None
            if self._spans is not None:
                span = stack.enter_context(self._spans.request(method, path, headers))
            try:
                await self._app(scope, receive, noting)
            finally:
                if self._spans is not None:
                    self._spans.answered(span, status)
                if self._log:
                    seconds = round(time.monotonic() - started, 4)
                    tenant = scope.get("state", {}).get(NAME) or ""
                    fields = {"method": method, "path": path, "status": status}
                    fields |= {"seconds": seconds, "tenant": tenant}
                    _log.info("request", extra={"fields": fields})
