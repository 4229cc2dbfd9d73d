"""The runner's own counters, for `/metrics`."""

from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from tidings_local.runner.records.call_record import CallRecord

SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30, 900)


class KeptLogs(Protocol):
    dropped: int
    kept_bytes: int


class RunnerMetrics:
    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._known: set[str] = set()
        ProcessCollector(registry=registry)
        self._calls = Counter(
            "tidings_runner_calls",
            "Calls by result: success, function_error, throttled.",
            ("function", "result"),
            registry=registry,
        )
        self._seconds = Histogram(
            "tidings_runner_call_seconds",
            "Duration of function calls in seconds.",
            ("function",),
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self._near_timeouts = Counter(
            "tidings_runner_near_timeouts",
            "Calls that used nine tenths of their timeout, or all of it.",
            ("function",),
            registry=registry,
        )
        self._responses = Counter(
            "tidings_runner_api_responses",
            "Responses of the API by class of status: 2xx, 4xx, 5xx.",
            ("status",),
            registry=registry,
        )
        for status in ("2xx", "4xx", "5xx"):
            self._responses.labels(status)
        self._response_seconds = Histogram(
            "tidings_runner_api_seconds",
            "Duration of the API's calls in seconds.",
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self._in_flight = Gauge(
            "tidings_runner_in_flight", "Running calls.", ("function",), registry=registry
        )
        self._deployed = Gauge(
            "tidings_runner_functions", "Deployed versions of functions.", registry=registry
        )

    def begins(self, function: str) -> None:
        if function not in self._known:
            self._begin_at_zero(function)
        self._in_flight.labels(function).inc()

    def ends(self, record: CallRecord) -> None:
        result = "function_error" if record.is_error else "success"
        self._calls.labels(record.function, result).inc()
        self._seconds.labels(record.function).observe(record.duration_ms / 1000)
        self._in_flight.labels(record.function).dec()

    def is_near_timeout(self, function: str) -> None:
        self._near_timeouts.labels(function).inc()

    def responds(self, status: int, seconds: float) -> None:
        """Count a response of the API."""
        self._responses.labels(f"{status // 100}xx").inc()
        self._response_seconds.observe(seconds)

    def is_throttled(self, function: str) -> None:
        self._calls.labels(function, "throttled").inc()

    def is_given_up(self, function: str) -> None:
        self._in_flight.labels(function).dec()

    def knows(self, functions: int) -> None:
        """Set the number of deployed versions."""
        self._deployed.set(functions)

    def _begin_at_zero(self, function: str) -> None:
        """Show the counters of what should not happen: only a later change is an increase."""
        self._known.add(function)
        self._near_timeouts.labels(function)
        for result in ("success", "function_error", "throttled"):
            self._calls.labels(function, result)

    def watch_logs(self, logs: KeptLogs) -> None:
        """Show the waiting and the dropped logs."""
        Gauge(
            "tidings_runner_logs_kept_bytes",
            "Logs that wait for CloudWatch.",
            registry=self.registry,
        ).set_function(lambda: logs.kept_bytes)
        Gauge(
            "tidings_runner_logs_dropped_calls",
            "Calls whose logs were dropped since the start.",
            registry=self.registry,
        ).set_function(lambda: logs.dropped)
