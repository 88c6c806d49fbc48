"""Figures for Prometheus: how many requests, how long, how dear. Counted per process; the extra `metrics` brings them."""

from collections import Counter
from typing import Any

from regulars_core.database.replica import ANSWERS, Answer, Replica

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
OBJECTS = (1, 10, 100, 1_000, 10_000)


class Metrics:
    """The figures of one application, in a registry of their own. Raises RuntimeError if prometheus-client is missing.

    Labels are words of ours only: places, statuses, codes.
    """

    def __init__(self) -> None:
        try:
            import prometheus_client as prometheus
        except ImportError:
            raise RuntimeError("REGULARS_METRICS needs prometheus-client: pip install 'regulars[metrics]'.") from None
        self._render: Any = prometheus.generate_latest
        self.content_type: str = prometheus.CONTENT_TYPE_LATEST
        registry = self._registry = prometheus.CollectorRegistry()
        self._requests = prometheus.Counter(
            "regulars_requests_total", "Requests.", ("place", "status", "code"), registry=registry
        )
        self._seconds = prometheus.Histogram(
            "regulars_request_seconds", "Seconds per request.", ("place",), buckets=SECONDS, registry=registry
        )
        self._in_flight = prometheus.Gauge("regulars_requests_in_flight", "Requests at work.", registry=registry)
        self._cost = prometheus.Histogram(
            "regulars_request_cost", "Objects per operation.", buckets=OBJECTS, registry=registry
        )
        self._replica = prometheus.Counter(
            "regulars_replica_reads_total", "Statements for the replica.", ("answer",), registry=registry
        )
        self._counted: Counter[Answer] = Counter()

    def began(self) -> None:
        """A request has come in."""
        self._in_flight.inc()

    def ended(self, place: str, status: int, code: str | None, cost: int | None, seconds: float) -> None:
        """It has been answered, with the first code of its errors."""
        self._in_flight.dec()
        self._requests.labels(place, str(status), code or "").inc()
        self._seconds.labels(place).observe(seconds)
        if cost is not None:
            self._cost.observe(cost)

    def rendered(self, replica: Replica | None) -> bytes:
        """All figures in Prometheus' text format, those of the replica among them if there is one."""
        if replica is not None:
            for answer in ANSWERS:
                self._replica.labels(answer).inc(replica.answers[answer] - self._counted[answer])
            self._counted = replica.answers.copy()
        text: bytes = self._render(self._registry)
        return text
