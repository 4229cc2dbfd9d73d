"""Metrics for Prometheus: shared counters from Redis, and current backlogs.

They contain no personal or business data, but show how busy the shop is. So callers must send the
token of the secret `metrics-token`, unless the setting `open_metrics` allows everyone.
"""

import hmac
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

from tidings.delivery.models import Channel
from tidings.delivery.states import SETTLED
from tidings.monitoring.backlogs import CONSUMED_QUEUES, failed_waiting, outbox_backlog, queue_ages
from tidings.monitoring.figures import figures
from tidings.platform.caching import cache
from tidings.platform.errors import Unauthenticated
from tidings.platform.logging import logger
from tidings.platform.messaging.queues import queue_depths
from tidings.platform.observability import metrics
from tidings.platform.observability.metrics import Series
from tidings.platform.secrets import metrics_token
from tidings.platform.security import store
from tidings.platform.security.auth import TokenOutcome
from tidings.platform.security.quotas import CallerKind
from tidings.platform.settings import settings
from tidings.platform.storage.job_runs import failed_runs
from tidings.platform.storage.redis_connection import Memory
from tidings.platform.storage.united import COUNTED_UP_TO

Numbers = dict[Series, float]
COUNTERS: Final = {
    metrics.MESSAGES: ("queue", "outcome"),
    metrics.INVOCATIONS: ("function", "outcome"),
    metrics.GRAPHQL_FIELDS: ("field", "outcome"),
    metrics.EVENTS: ("type",),
    metrics.DELIVERIES: ("channel", "status"),
    metrics.PROVIDER_CALLS: ("channel", "provider", "outcome"),
    metrics.ACCESS_TOKENS: ("outcome",),
    metrics.RATE_LIMITED: ("caller",),
    metrics.CALLS_NOT_COUNTED: ("caller",),
    metrics.SLOW_BATCHES: ("queue",),
    metrics.UNCOUNTED: (),
}
HELP: Final = {
    metrics.MESSAGES: "Messages by queue and outcome: handled, retried, dead.",
    metrics.INVOCATIONS: "Invocations by function and outcome: ok, refused, error.",
    metrics.GRAPHQL_FIELDS: "Root fields of GraphQL by outcome: ok, refused, error.",
    metrics.EVENTS: "Published events and delivery commands by type.",
    metrics.DELIVERIES: "Deliveries that reached a status, by channel.",
    metrics.PROVIDER_CALLS: "Messages that a provider accepted, or did not by kind of failure.",
    metrics.ACCESS_TOKENS: "Access tokens that were issued, verified or refused, by outcome.",
    metrics.RATE_LIMITED: "Calls beyond the limit of their caller, by kind of caller.",
    metrics.CALLS_NOT_COUNTED: "Calls that passed uncounted, by kind of caller.",
    metrics.SLOW_BATCHES: "Batches of messages that took ten seconds or more, by queue.",
    metrics.UNCOUNTED: "Counts that were dropped, because a process had too many series.",
    metrics.MESSAGE_SECONDS: "Time that consumers needed for a message, in seconds.",
    metrics.INVOCATION_SECONDS: "Duration of invocations, in seconds.",
}


def check_scraper(authorization: str | None) -> None:
    """Check the token of a caller of /metrics, unless the metrics are open.

    Raises:
        Unauthenticated: the token is missing or wrong.
    """
    if settings().open_metrics:
        return
    expected = metrics_token()
    scheme, _, offered = (authorization or "").partition(" ")
    is_right = hmac.compare_digest(offered.strip().encode(), (expected or "").encode())
    if not (expected and scheme.lower() == "bearer" and is_right):
        raise Unauthenticated("Send the metrics token as a bearer token.")


def exposition() -> str:
    """Return all metrics in Prometheus' text format; those of unavailable services are left out."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything())
    return generate_latest(registry).decode()


class _Everything(Collector):
    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("tidings_up", "1 if the service answered.", labels=["service"])
        parts: dict[str, Callable[[], list[Metric]]] = {
            "redis": lambda: list(_memory("redis", store.memory())),
            "redis_cache": lambda: [
                *_shared(metrics.shared()),
                *_memory("redis_cache", cache.memory()),
            ],
            "rabbitmq": lambda: list(_queues()),
            "mongodb": lambda: [*_stored(), *figures()],
        }
        for service, ask in parts.items():
            answered = 1
            try:
                yield from ask()
            except Exception as error:  # noqa: BLE001 (the other metrics must still be returned)
                logger.warning(
                    "metrics left out: service did not answer",
                    probe=service,
                    reason=type(error).__name__,
                )
                answered = 0
            up.add_metric([service], answered)
        yield up


def _from_zero(numbers: Numbers) -> Numbers:
    """Add what did not happen yet: for Prometheus, only a change is an increase."""
    messages = (
        (metrics.MESSAGES, {"queue": queue, "outcome": outcome})
        for queue in CONSUMED_QUEUES
        for outcome in ("handled", "retried", "dead")
    )
    deliveries = (
        (metrics.DELIVERIES, {"channel": channel.value, "status": status.value})
        for channel in Channel
        for status in SETTLED
    )
    durations = ((f"{metrics.MESSAGE_SECONDS}_sum", {"queue": each}) for each in CONSUMED_QUEUES)
    tokens = ((metrics.ACCESS_TOKENS, {"outcome": each.value}) for each in TokenOutcome)
    slow = ((metrics.SLOW_BATCHES, {"queue": queue}) for queue in CONSUMED_QUEUES)
    limited = (
        (name, {"caller": kind.value})
        for name in (metrics.RATE_LIMITED, metrics.CALLS_NOT_COUNTED)
        for kind in CallerKind
    )
    calm = [*messages, *deliveries, *durations, *tokens, *limited, *slow, (metrics.UNCOUNTED, {})]
    return {Series(name, tuple(sorted(of.items()))): 0.0 for name, of in calm} | numbers


def _shared(numbers: Numbers) -> Iterator[Metric]:
    numbers = _from_zero(numbers)
    for name, names in COUNTERS.items():
        family = CounterMetricFamily(name, HELP[name], labels=names)
        for series, value in sorted(numbers.items()):
            if series.name == name:
                family.add_metric([dict(series.labels)[each] for each in names], value)
        yield family
    yield _histogram(numbers, metrics.MESSAGE_SECONDS, "queue")
    yield _histogram(numbers, metrics.INVOCATION_SECONDS, "function")
    lag = GaugeMetricFamily(
        metrics.MESSAGE_LAG, "Age of the event in the last message.", labels=["queue"]
    )
    for series, value in sorted(numbers.items()):
        if series.name == metrics.MESSAGE_LAG:
            lag.add_metric([dict(series.labels)["queue"]], value)
    yield lag
    if created := numbers.get(Series(metrics.SIGNING_KEY_CREATED, ())):
        yield GaugeMetricFamily(
            metrics.SIGNING_KEY_CREATED,
            "When the key that signs access tokens was made, in seconds since 1970.",
            value=created,
        )


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


def _memory(service: str, memory: Memory) -> Iterator[Metric]:
    """Return how full a Redis is; one without a limit has no such metric."""
    if not memory.limit_bytes:
        return
    family = GaugeMetricFamily(
        f"tidings_{service}_memory_ratio", "Used share of the memory; 1 is full."
    )
    family.add_metric([], memory.used_bytes / memory.limit_bytes)
    yield family


def _queues() -> Iterator[Metric]:
    depth = GaugeMetricFamily("tidings_queue_messages", "Waiting messages.", labels=["queue"])
    takers = GaugeMetricFamily("tidings_queue_consumers", "Consumers.", labels=["queue"])
    depths = {name: found for name, found in queue_depths().items() if found is not None}
    for name, found in depths.items():
        depth.add_metric([name], found.messages)
        takers.add_metric([name], found.consumers)
    yield depth
    yield takers
    age = GaugeMetricFamily(
        "tidings_queue_age_seconds", "Estimated age of the oldest message.", labels=["queue"]
    )
    for name, seconds in queue_ages(depths).items():
        age.add_metric([name], seconds)
    yield age


def _stored() -> Iterator[Metric]:
    waiting = outbox_backlog()
    yield GaugeMetricFamily(
        "tidings_outbox_documents",
        "Documents with waiting events, up to 10,000 in a collection.",
        value=waiting.documents,
    )
    yield GaugeMetricFamily(
        "tidings_outbox_age_seconds", "Age of the oldest waiting event.", value=waiting.age_seconds
    )
    yield GaugeMetricFamily(
        "tidings_failed_messages",
        "Failed messages that wait for an operator, up to 10,000.",
        value=failed_waiting(COUNTED_UP_TO),
    )
    yield GaugeMetricFamily(
        "tidings_failed_jobs",
        "Runs of scheduled jobs that failed three times and were not repeated.",
        value=failed_runs(),
    )
