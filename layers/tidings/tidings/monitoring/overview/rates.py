"""Rates and percentiles from the differences of counters."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from tidings.monitoring.overview.samples import (
    Counters,
    Kept,
    Numbers,
    QueueSample,
    Sample,
    orders_placed,
)
from tidings.monitoring.overview.schemas import FunctionOverview, MessageRates, OverviewHistory
from tidings.platform.observability.metrics import BUCKETS

# A rate over less jumps.
LEAST_WINDOW: Final = timedelta(seconds=10)
WINDOW: Final = timedelta(seconds=60)
OUTCOMES: Final = ("handled", "retried", "dead")
EDGES: Final = (*map(str, BUCKETS), "+Inf")


def increase(before: float, after: float) -> float:
    """Return by how much a counter grew; one that is smaller began again at zero."""
    return after - before if after >= before else after


def increases(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    return {name: increase(before.get(name, 0.0), number) for name, number in after.items()}


def percentile(counts: Mapping[str, float], part: float) -> float | None:
    """Return a percentile of a histogram in milliseconds, estimated within its bucket.

    Args:
        counts: the number of durations by the upper edge of their bucket.
        part: 0.95 for the 95th percentile.

    Returns:
        None if there is no duration. What is above the last edge counts as that edge.
    """
    wanted = part * sum(counts.values())
    if wanted <= 0:
        return None
    lower = reached = 0.0
    for edge in EDGES[:-1]:
        inside, upper = counts.get(edge, 0.0), float(edge)
        if reached + inside >= wanted:
            return round((lower + (upper - lower) * (wanted - reached) / inside) * 1000, 1)
        reached, lower = reached + inside, upper
    return round(lower * 1000, 1)


def rates_now(kept: Kept, at: datetime) -> tuple[float | None, MessageRates | None]:
    """Return the orders in a minute and the messages in a second, over the last minute or two."""
    old = [each for each in kept.samples if each.at <= at - WINDOW] or kept.samples[:1]
    if not old or at - old[-1].at < LEAST_WINDOW:
        return None, None
    before = old[-1]
    seconds = (at - before.at).total_seconds()
    placed = increase(before.orders_placed, orders_placed(kept.known))
    total = increases(before.messages, Counters.of(kept.known, at).total())
    rates = {name: round(total.get(name, 0.0) / seconds, 3) for name in OUTCOMES}
    return round(placed * 60 / seconds, 2), MessageRates(**rates)


def history_of(samples: Sequence[Sample]) -> OverviewHistory:
    """Return the samples as columns; the first sample only tells where the counters were."""
    pairs = [pair for pair in pairwise(samples) if pair[1].at > pair[0].at]
    seconds = [(after.at - before.at).total_seconds() for before, after in pairs]

    def messages(outcome: str) -> list[float]:
        return [
            round(increase(a.messages.get(outcome, 0.0), b.messages.get(outcome, 0.0)) / each, 3)
            for (a, b), each in zip(pairs, seconds, strict=True)
        ]

    shown = [after for _, after in pairs]
    return OverviewHistory(
        times=[each.at for each in shown],
        orders_per_minute=[
            round(increase(a.orders_placed, b.orders_placed) * 60 / each, 2)
            for (a, b), each in zip(pairs, seconds, strict=True)
        ],
        handled_per_second=messages("handled"),
        retried_per_second=messages("retried"),
        dead_per_second=messages("dead"),
        outbox_documents=[each.outbox_documents for each in shown],
        outbox_age_seconds=[round(each.outbox_age_seconds, 1) for each in shown],
        failed_messages=[each.failed_messages for each in shown],
    )


def queue_history(samples: Sequence[Sample], name: str) -> list[QueueSample | None]:
    """Return the samples of a queue at the times of `history_of`; None where it is missing."""
    return [after.queues.get(name) for before, after in pairwise(samples) if after.at > before.at]


def functions_of(before: Counters, now: Counters) -> list[FunctionOverview]:
    """Return the functions that were called between two times, most calls first."""
    minutes = minutes_between(before, now)
    found = []
    for function, outcomes in now.calls.items():
        calls = increases(before.calls.get(function, {}), outcomes)
        seconds = grown(before.call_seconds, now.call_seconds, function)
        if number := sum(calls.values()):
            found.append(
                FunctionOverview(
                    function=function,
                    calls_per_minute=round(number / minutes, 2),
                    refused_per_minute=round(calls.get("refused", 0.0) / minutes, 2),
                    errors_per_minute=round(calls.get("error", 0.0) / minutes, 2),
                    p50_ms=percentile(seconds, 0.5),
                    p95_ms=percentile(seconds, 0.95),
                )
            )
    return sorted(found, key=lambda each: (-each.calls_per_minute, each.function))


def grown(before: Numbers, now: Numbers, name: str) -> dict[str, float]:
    """Return by how much the numbers of a function or a queue grew."""
    return increases(before.get(name, {}), now.get(name, {}))


def minutes_between(before: Counters, now: Counters) -> float:
    return (now.at - before.at).total_seconds() / 60
