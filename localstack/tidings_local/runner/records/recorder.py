"""Records all calls: logs and metrics in CloudWatch, counters for Prometheus."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass, field

from tidings_local.lambda_host import Function, Outcome
from tidings_local.runner.records.call_record import CallRecord
from tidings_local.runner.records.cloudwatch import CloudWatch
from tidings_local.runner.records.log_file import LogFile
from tidings_local.runner.records.logs import LogWriter
from tidings_local.runner.records.metrics import MetricWriter
from tidings_local.runner.records.prometheus import RunnerMetrics

logger = logging.getLogger(__name__)

LAST_FLUSH_SECONDS = 3.0
NEAR_TIMEOUT = 0.9
"""The functions warn at the same part of their timeout."""


@dataclass(slots=True)
class Recorder:
    cloudwatch: CloudWatch
    metrics: RunnerMetrics
    log_file: LogFile | None = None
    _logs: LogWriter = field(init=False)
    _values: MetricWriter = field(init=False)
    _under_way: Tally[str] = field(default_factory=Tally)
    """Calls of each function."""

    def __post_init__(self) -> None:
        self._logs = LogWriter(self.cloudwatch)
        self._values = MetricWriter(self.cloudwatch)
        self.metrics.watch_logs(self._logs)

    def begins(self, function: Function) -> None:
        """Count an admitted call."""
        self._under_way[function.name] += 1
        self.metrics.begins(function.name)

    def ends(self, function: Function, outcome: Outcome) -> None:
        """Record an ended call."""
        record = _record(function, outcome, self._under_way)
        self._over(function)
        self._logs.add(record)
        self._values.add(record)
        self.metrics.ends(record)
        if record.duration_ms >= function.timeout_seconds * 1000 * NEAR_TIMEOUT:
            self.metrics.is_near_timeout(function.name)
        if self.log_file is not None:
            self.log_file.add(record)

    def is_throttled(self, function: Function) -> None:
        """Record a call that was not admitted."""
        _, _, _, region, account, *_ = function.arn.split(":")
        self._values.add_throttle(account, region, function.name)
        self.metrics.is_throttled(function.name)

    def is_given_up(self, function: Function) -> None:
        """Uncount an admitted call that was not run: it is throttled, or the runner stops."""
        self._over(function)
        self.metrics.is_given_up(function.name)

    async def run(self) -> None:
        """Write until cancelled, and then write the rest."""
        try:
            # Unlike gather, a group ends after all its tasks: logs on their way need the client.
            async with asyncio.TaskGroup() as writing:
                for work in (self._logs.run(), self._values.run(), self._write_file()):
                    writing.create_task(work)
        finally:
            await self._write_rest()
            if self.log_file is not None:
                self.log_file.flush()
            await self.cloudwatch.close()

    async def _write_rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_FLUSH_SECONDS):
                await asyncio.gather(self._logs.flush(), self._values.flush())
        if self._logs.kept_bytes:
            logger.warning(
                "logs lost: LocalStack did not accept them before the runner's end",
                extra={"bytes": self._logs.kept_bytes},
            )

    async def _write_file(self) -> None:
        if self.log_file is not None:
            await self.log_file.run()

    def _over(self, function: Function) -> None:
        self._under_way[function.name] -= 1
        if not self._under_way[function.name]:
            del self._under_way[function.name]


def _record(function: Function, outcome: Outcome, under_way: Mapping[str, int]) -> CallRecord:
    _, _, _, region, account, *_ = function.arn.split(":")
    return CallRecord(
        account=account,
        region=region,
        function=function.name,
        log_group=function.log_group,
        log_stream=outcome.log_stream,
        text=outcome.logs,
        ended_ms=int(time.time() * 1000),
        duration_ms=outcome.duration_ms,
        is_error=outcome.is_error,
        concurrent=under_way[function.name],
        concurrent_in_all=sum(under_way.values()),
    )
