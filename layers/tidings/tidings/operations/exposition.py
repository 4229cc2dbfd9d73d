"""What Prometheus reads: everybody's counters from Redis, and what waits at this moment.

No personal data, and nothing of the shop's business: anybody may read it.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from tidings.operations.backlogs import failed_waiting, outbox_backlog
from tidings.platform import metrics
from tidings.platform.logging import logger
from tidings.platform.metrics import Series
from tidings.platform.queues import queue_depths

Numbers = dict[Series, float]
HELP: Final = {
    metrics.MESSAGES: "Messages by queue and what became of them: handled, retried, dead.",
    metrics.INVOCATIONS: "Invocations by function and how they ended: ok, refused, error.",
    metrics.MESSAGE_SECONDS: "How long consumers took for a message.",
    metrics.INVOCATION_SECONDS: "How long invocations took.",
}


def exposition() -> str:
    """Return all metrics in Prometheus' text format; what cannot be asked is left out."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything())
    return generate_latest(registry).decode()


class _Everything(Collector):
    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("tidings_up", "1 where the service answered.", labels=["service"])
        parts: dict[str, Callable[[], list[Metric]]] = {
            "redis": lambda: list(_shared(metrics.shared())),
            "rabbitmq": lambda: list(_queues()),
            "mongodb": lambda: list(_stored()),
        }
        for service, ask in parts.items():
            answered = 1
            try:
                yield from ask()
            except Exception as error:  # noqa: BLE001 (whatever it is, the others are told)
                logger.warning("metrics are left out", probe=service, reason=type(error).__name__)
                answered = 0
            up.add_metric([service], answered)
        yield up


def _shared(numbers: Numbers) -> Iterator[Metric]:
    for name in (metrics.MESSAGES, metrics.INVOCATIONS):
        names = ["queue" if name == metrics.MESSAGES else "function", "outcome"]
        family = CounterMetricFamily(name, HELP[name], labels=names)
        for series, value in sorted(numbers.items()):
            if series.name == name:
                family.add_metric([dict(series.labels)[each] for each in names], value)
        yield family
    yield _histogram(numbers, metrics.MESSAGE_SECONDS, "queue")
    yield _histogram(numbers, metrics.INVOCATION_SECONDS, "function")
    lag = GaugeMetricFamily(
        metrics.MESSAGE_LAG, "Age of what the last message told.", labels=["queue"]
    )
    for series, value in sorted(numbers.items()):
        if series.name == metrics.MESSAGE_LAG:
            lag.add_metric([dict(series.labels)["queue"]], value)
    yield lag


def _histogram(numbers: Numbers, name: str, label: str) -> Metric:
    family = HistogramMetricFamily(name, HELP[name], labels=[label])
    edges = [*(str(each) for each in metrics.BUCKETS), "+Inf"]
    for series, total in sorted(numbers.items()):
        if series.name != f"{name}_sum":
            continue
        of = (label, dict(series.labels)[label])
        counts = [
            numbers.get(Series(f"{name}_bucket", tuple(sorted((of, ("le", edge))))), 0.0)
            for edge in edges
        ]
        buckets = list(zip(edges, accumulate(counts), strict=True))
        family.add_metric([of[1]], buckets=buckets, sum_value=total)
    return family


def _queues() -> Iterator[Metric]:
    depth = GaugeMetricFamily("tidings_queue_messages", "Messages that wait.", labels=["queue"])
    takers = GaugeMetricFamily("tidings_queue_consumers", "Who takes them.", labels=["queue"])
    for name, found in queue_depths().items():
        if found is not None:
            depth.add_metric([name], found.messages)
            takers.add_metric([name], found.consumers)
    yield depth
    yield takers


def _stored() -> Iterator[Metric]:
    waiting = outbox_backlog()
    yield GaugeMetricFamily(
        "tidings_outbox_documents", "Changes whose events wait.", value=waiting.documents
    )
    yield GaugeMetricFamily(
        "tidings_outbox_age_seconds", "Since when the oldest waits.", value=waiting.age_seconds
    )
    yield GaugeMetricFamily(
        "tidings_failed_messages",
        "Messages that operators have to look at.",
        value=failed_waiting(),
    )
