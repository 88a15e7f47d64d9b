"""What the service counts, in Prometheus's text format at `/metrics`."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from veristone import Verdict
from veristone.engine.sessions import Sessions
from veristone.service.admission import Load
from veristone.service.audit import Audit
from veristone.service.status import History

__all__ = ["Metrics"]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """Counters of one service, and gauges that are read when somebody asks.

    Args:
        load: tells what is under way.
        history: counts outcomes over time.
        audit: writes each down.
        sessions: counts those that are open.
    """

    def __init__(
        self, load: Callable[[], Load], history: History, audit: Audit, sessions: Sessions
    ) -> None:
        self._history = history
        self._audit = audit
        self._registry = CollectorRegistry()
        self._verdicts = Counter(
            "veristone_verdicts",
            "Samples judged.",
            ("tenant", "decision", "reason"),
            registry=self._registry,
        )
        self._refusals = Counter(
            "veristone_refused",
            "Samples not judged: no time before the deadline (overloaded), or invalid.",
            ("tenant", "why"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "veristone_verdict_seconds",
            "From a sample's arrival to its verdict.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._opened = Counter(
            "veristone_sessions", "Sessions opened.", ("tenant",), registry=self._registry
        )
        self._registry.register(_Gauges(load, sessions))

    def judged(self, tenant: str, verdict: Verdict, seconds: float) -> None:
        """Count a verdict."""
        self._verdicts.labels(tenant, verdict.decision, verdict.reason).inc()
        self._seconds.observe(seconds)
        self._history.judged(verdict)
        self._audit.note(tenant, verdict.id, verdict.decision, verdict.reason, seconds)

    def refused(self, tenant: str, name: str = "") -> None:
        """Count a sample for which there was no time; its id where it was read."""
        self._refusals.labels(tenant, "overloaded").inc()
        self._history.refused()
        self._audit.note(tenant, name, "refused")

    def invalid(self, tenant: str, name: str) -> None:
        """Count a sample that could not be judged as it was."""
        self._audit.note(tenant, name, "invalid")
        self._refusals.labels(tenant, "invalid").inc()

    def opened(self, tenant: str) -> None:
        """Count a session."""
        self._opened.labels(tenant).inc()
        self._audit.note(tenant, "", "session")

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self._registry)


class _Gauges(Collector):
    def __init__(self, load: Callable[[], Load], sessions: Sessions) -> None:
        self._load = load
        self._sessions = sessions

    def collect(self) -> Iterable[Metric]:
        load = self._load()
        yield GaugeMetricFamily("veristone_running", "Samples being judged.", value=load.running)
        yield GaugeMetricFamily("veristone_waiting", "Samples in the queue.", value=load.waiting)
        yield GaugeMetricFamily("veristone_slots", "Samples judged at one time.", value=load.slots)
        open_now = self._sessions.count
        yield GaugeMetricFamily("veristone_sessions_open", "Sessions now.", value=open_now)
