"""Report the work of one mapping in metrics, in /health and in the log."""

import logging
import threading
import time
from collections import Counter as Tally
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from tidings_local.bridge.batching import Delivery
from tidings_local.bridge.lambda_api import Outcome, Result
from tidings_local.bridge.mapping import Mapping
from tidings_local.bridge.metrics import Metrics

logger = logging.getLogger(__name__)

MAX_LOGGED_CORRELATION_IDS = 100
SLOW_CALL_SECONDS = 10.0
"""Less than half of each consumer's timeout. Its mapping makes few such calls in a minute."""


class State(StrEnum):
    CONNECTING = "connecting"
    QUEUE_MISSING = "queue_missing"
    CONSUMING = "consuming"
    BACKING_OFF = "backing_off"
    DRAINING = "draining"
    STOPPED = "stopped"


CONNECTED_STATES = frozenset({State.CONSUMING, State.BACKING_OFF, State.DRAINING})


@dataclass(slots=True)
class MappingReport:
    """Written by the mapping's threads, read by the health page."""

    mapping: Mapping
    metrics: Metrics
    state: State = State.CONNECTING
    running: list[float] = field(default_factory=list)
    """The starts of the running invocations, by the monotonic clock."""
    last_seconds: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    messages: Tally[str] = field(default_factory=Tally)
    last_success: str | None = None
    last_error: dict[str, str] | None = None

    def __post_init__(self) -> None:
        running = self.metrics.running_seconds.labels(self.mapping.queue, self.mapping.function)
        running.set_function(lambda: self._running_seconds(time.monotonic()) or 0.0)

    def enters(self, state: State) -> None:
        self.state = state
        self.shows_its_state()

    def shows_its_state(self) -> None:
        """Write the state into the metrics."""
        connected = self.metrics.broker_connected.labels(self.mapping.queue, self.mapping.function)
        connected.set(self.state in CONNECTED_STATES)

    def counts(self, outcome: str, messages: int = 1) -> None:
        self.messages[outcome] += messages
        queue, function = self.mapping.queue, self.mapping.function
        self.metrics.messages.labels(queue, function, outcome).inc(messages)

    def begins(self, started_at: float) -> None:
        """Count an invocation that starts, on any thread."""
        with self.lock:
            self.running.append(started_at)
        self.metrics.in_flight.labels(self.mapping.queue, self.mapping.function).inc()

    def ends(self, started_at: float) -> None:
        """Uncount an invocation that ended, on any thread."""
        with self.lock:
            self.running.remove(started_at)
        self.metrics.in_flight.labels(self.mapping.queue, self.mapping.function).dec()

    def invoked(self, batch: list[Delivery], outcome: Outcome, seconds: float) -> None:
        queue, function = self.mapping.queue, self.mapping.function
        self.metrics.invocations.labels(queue, function, outcome.result.value).inc()
        self.metrics.invoke_seconds.labels(queue, function).observe(seconds)
        self.last_seconds = seconds
        if seconds >= SLOW_CALL_SECONDS:
            logger.warning("slow call", extra=self._batch_fields(batch, seconds, outcome))
        self.metrics.batch_messages.labels(queue, function).observe(len(batch))
        if outcome.result is Result.SUCCESS:
            self.last_success = _now()
            logger.info("batch handled", extra=self._batch_fields(batch, seconds, outcome))
        else:
            self.fails(f"{outcome.result}: {outcome.detail}")
            fields = self._batch_fields(batch, seconds, outcome) | {
                "result": outcome.result.value,
                "error": outcome.detail,
            }
            logger.warning("batch failed, it returns to its queue", extra=fields)

    def fails(self, what: str) -> None:
        self.last_error = {"at": _now(), "what": what}

    def fields(self) -> dict[str, Any]:
        """Return the fields of every log line of this mapping."""
        return {"queue": self.mapping.queue, "function": self.mapping.function}

    def snapshot(self) -> dict[str, Any]:
        return self.fields() | {
            "state": self.state.value,
            **self._durations(time.monotonic()),
            "batch_size": self.mapping.batch_size,
            "batching_window_seconds": self.mapping.window_seconds,
            "messages": dict(self.messages),
            "last_success": self.last_success,
            "last_error": self.last_error,
        }

    def _durations(self, at: float) -> dict[str, Any]:
        seconds = self._running_seconds(at)
        return {
            "in_flight": len(self.running),
            "running_seconds": None if seconds is None else round(seconds, 1),
            "last_seconds": None if self.last_seconds is None else round(self.last_seconds, 1),
        }

    def _running_seconds(self, at: float) -> float | None:
        """Return how long the oldest running invocation takes so far; None if none runs."""
        with self.lock:
            return at - min(self.running) if self.running else None

    def _batch_fields(
        self, batch: list[Delivery], seconds: float, outcome: Outcome
    ) -> dict[str, Any]:
        ids = list(dict.fromkeys(item.correlation_id for item in batch if item.correlation_id))
        return self.fields() | {
            "batch_size": len(batch),
            "duration_ms": round(seconds * 1000, 1),
            "outcome": "ok" if outcome.result is Result.SUCCESS else "error",
            "correlation_ids": ids[:MAX_LOGGED_CORRELATION_IDS],
        }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
