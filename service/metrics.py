"""What the service counts, in Prometheus's text format at `/metrics`."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from veristone import Verdict
from veristone.engine.sessions import Sessions
from veristone.service.admission import Load, NoVerdict, Overloaded
from veristone.service.audit import Audit
from veristone.service.status import History
from veristone.service.telemetry import Spans

__all__ = ["Metrics", "labelled"]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """Counters of one service, and gauges that are read when somebody asks.

    Args:
        load: tells what is under way.
        history: counts outcomes over time.
        audit: writes each down.
        sessions: counts those that are open.
        quarantined: tells why nothing is judged any more, None while all is well.
        spans: are told of each verdict, where they are wanted.
    """

    def __init__(
        self,
        load: Callable[[], Load],
        history: History,
        audit: Audit,
        sessions: Sessions,
        quarantined: Callable[[], str | None],
        spans: Spans | None = None,
    ) -> None:
        self._spans = spans
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
            "Samples not judged: no time for them (overloaded), invalid, or quarantined.",
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
        self._canaries = Counter(
            "veristone_canaries",
            "Samples with known verdicts: agreed, disagreed, or undecided.",
            ("outcome",),
            registry=self._registry,
        )
        self._registry.register(_Gauges(load, sessions, quarantined))

    def judged(self, tenant: str, verdict: Verdict, seconds: float) -> None:
        """Count a verdict."""
        self._verdicts.labels(tenant, verdict.decision, verdict.reason).inc()
        self._seconds.observe(seconds)
        self._history.judged(verdict)
        if self._spans is not None:
            self._spans.verdict(verdict, seconds)
        self._audit.note(tenant, verdict.id, verdict.decision, verdict.reason, seconds)

    def refused(self, tenant: str, why: NoVerdict, name: str = "") -> None:
        """Count a sample that was not judged, for no fault of its own; its id where it was read."""
        kind = "overloaded" if isinstance(why, Overloaded) else "quarantined"
        self._refusals.labels(tenant, kind).inc()
        self._history.refused()
        self._audit.note(tenant, name, "refused")

    def invalid(self, tenant: str, name: str) -> None:
        """Count a sample that could not be judged as it was."""
        self._audit.note(tenant, name, "invalid")
        self._refusals.labels(tenant, "invalid").inc()

    def canary(self, outcome: str) -> None:
        """Count a sample whose verdict was known: how what was said compares."""
        self._canaries.labels(outcome).inc()

    def opened(self, tenant: str) -> None:
        """Count a session."""
        self._opened.labels(tenant).inc()
        self._audit.note(tenant, "", "session")

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self._registry)


def labelled(texts: Mapping[int, bytes]) -> bytes:
    """Return what several workers count as one text, each series with its worker's number."""
    registry = CollectorRegistry()
    registry.register(_Labelled(texts))
    return generate_latest(registry)


class _Labelled(Collector):
    def __init__(self, texts: Mapping[int, bytes]) -> None:
        self._texts = texts

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for number, text in self._texts.items():
            for family in text_string_to_metric_families(text.decode()):
                known = Metric(family.name, family.documentation, family.type)
                kept = families.setdefault(family.name, known)
                for each in family.samples:
                    labels = {**each.labels, "worker": str(number)}
                    kept.add_sample(each.name, labels, each.value)
        return families.values()


class _Gauges(Collector):
    def __init__(
        self,
        load: Callable[[], Load],
        sessions: Sessions,
        quarantined: Callable[[], str | None],
    ) -> None:
        self._load = load
        self._sessions = sessions
        self._quarantined = quarantined

    def collect(self) -> Iterable[Metric]:
        load = self._load()
        yield GaugeMetricFamily("veristone_running", "Samples being judged.", value=load.running)
        yield GaugeMetricFamily("veristone_waiting", "Samples in the queue.", value=load.waiting)
        yield GaugeMetricFamily("veristone_slots", "Samples judged at one time.", value=load.slots)
        open_now = self._sessions.count
        yield GaugeMetricFamily("veristone_sessions_open", "Sessions now.", value=open_now)
        shut = float(self._quarantined() is not None)
        yield GaugeMetricFamily("veristone_quarantined", "1: nothing is judged.", value=shut)
