"""Lambda's metrics in CloudWatch: counted in memory, written in batches."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from tidings_local.runner.records.call_record import CallRecord
from tidings_local.runner.records.cloudwatch import (
    CloudWatch,
    CloudWatchAwayError,
    CloudWatchRefusedError,
)
from tidings_local.runner.records.unbroken import unbroken

logger = logging.getLogger(__name__)

NAMESPACE: Final = "AWS/Lambda"
GATHER_SECONDS: Final = 5.0
"""LocalStack writes each value in a separate transaction, so fewer values are better."""
MAX_KEPT_SECONDS: Final = 3600
MAX_METRICS_AT_ONCE: Final = 500
"""CloudWatch accepts 1,000 in a request of 1 MB."""
_CONCURRENT: Final = "ConcurrentExecutions"
UNITS: Final = {"Duration": "Milliseconds"}


class Key(NamedTuple):
    account: str
    region: str
    minute: int
    """Seconds since 1970; the values of a minute are combined."""
    metric: str
    function: str | None
    """None: all functions together."""


@dataclass(slots=True)
class Statistics:
    count: int = 0
    total: float = 0
    least: float = float("inf")
    most: float = float("-inf")

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)

    def merge(self, other: Statistics) -> None:
        self.count += other.count
        self.total += other.total
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)


@dataclass(slots=True)
class MetricWriter:
    cloudwatch: CloudWatch
    _kept: dict[Key, Statistics] = field(default_factory=dict)
    _something: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, record: CallRecord) -> None:
        """Count a call."""
        common = {
            "Invocations": 1,
            "Errors": int(record.is_error),
            "Duration": record.duration_ms,
        }
        where = record.account, record.region
        self._count(*where, record.function, common | {_CONCURRENT: record.concurrent})
        self._count(*where, None, common | {_CONCURRENT: record.concurrent_in_all})

    def add_throttle(self, account: str, region: str, function: str) -> None:
        """Count a call that was not admitted. It is not an invocation."""
        for whose in (function, None):
            self._count(account, region, whose, {"Throttles": 1})

    async def run(self) -> None:
        """Write added values until cancelled."""
        while True:
            await self._something.wait()
            await asyncio.sleep(GATHER_SECONDS)
            try:
                await unbroken(self.flush())
            except Exception:
                logger.exception("metrics not written: error in the runner; the next ones follow")

    async def flush(self) -> None:
        """Write the waiting values; keep those that LocalStack does not accept now."""
        self._something.clear()
        kept, self._kept = self._kept, {}
        for account, region in dict.fromkeys((key.account, key.region) for key in kept):
            for part in _parts([key for key in kept if key[:2] == (account, region)]):
                await self._write(account, region, {key: kept[key] for key in part})

    async def _write(self, account: str, region: str, part: dict[Key, Statistics]) -> None:
        data = [_datum(key, statistics) for key, statistics in part.items()]
        try:
            await self.cloudwatch.put_metric_data(account, region, NAMESPACE, data)
        except CloudWatchAwayError:
            self._keep(part)
        except CloudWatchRefusedError as refusal:
            logger.warning("metrics refused by LocalStack", extra={"error": str(refusal)})

    def _keep(self, part: dict[Key, Statistics]) -> None:
        oldest = time.time() - MAX_KEPT_SECONDS
        for key, statistics in part.items():
            if key.minute >= oldest:
                self._kept.setdefault(key, Statistics()).merge(statistics)
        if self._kept:
            self._something.set()

    def _count(
        self, account: str, region: str, function: str | None, values: dict[str, float]
    ) -> None:
        minute = int(time.time() // 60 * 60)
        for metric, value in values.items():
            key = Key(account, region, minute, metric, function)
            self._kept.setdefault(key, Statistics()).add(value)
        self._something.set()


def _datum(key: Key, statistics: Statistics) -> dict[str, Any]:
    at = datetime.fromtimestamp(key.minute, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    dimensions = [{"Name": "FunctionName", "Value": key.function}] if key.function else []
    return {
        "MetricName": key.metric,
        "Dimensions": dimensions,
        "Timestamp": at,
        "Unit": UNITS.get(key.metric, "Count"),
        "StatisticValues": {
            "SampleCount": statistics.count,
            "Sum": statistics.total,
            "Minimum": statistics.least,
            "Maximum": statistics.most,
        },
    }


def _parts(keys: list[Key]) -> Iterator[list[Key]]:
    for start in range(0, len(keys), MAX_METRICS_AT_ONCE):
        yield keys[start : start + MAX_METRICS_AT_ONCE]
