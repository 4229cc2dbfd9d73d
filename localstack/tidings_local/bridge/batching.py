"""Decide when a batch is complete: at its size, its window, or the payload limit."""

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that the broker delivered and that is not acknowledged yet."""

    tag: int
    record: bytes
    arrived_at: float
    correlation_id: str | None = None


class Pending:
    """Deliveries that wait for their batch, in order of arrival."""

    def __init__(self, batch_size: int, window_seconds: float, room_bytes: int) -> None:
        self._batch_size = batch_size
        self._window_seconds = window_seconds
        self._room_bytes = room_bytes
        self._deliveries: deque[Delivery] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._deliveries)

    def fits(self, record: bytes) -> bool:
        """Return whether an invocation could carry this record alone."""
        return len(record) <= self._room_bytes

    def add(self, delivery: Delivery) -> None:
        self._deliveries.append(delivery)
        self._bytes += _weight(delivery)

    def due_in(self, now: float) -> float | None:
        """Return the seconds until a batch is due, or None without messages."""
        if not self._deliveries:
            return None
        if len(self._deliveries) >= self._batch_size or self._bytes > self._room_bytes:
            return 0.0
        return max(0.0, self._deliveries[0].arrived_at + self._window_seconds - now)

    def take_due(self, now: float) -> list[Delivery]:
        """Return the next batch, or nothing if none is due yet."""
        return self._take() if self.due_in(now) == 0.0 else []

    def clear(self) -> list[Delivery]:
        waiting = list(self._deliveries)
        self._deliveries.clear()
        self._bytes = 0
        return waiting

    def _take(self) -> list[Delivery]:
        batch: list[Delivery] = []
        room = self._room_bytes + 1  # no comma follows the last record
        while self._deliveries and len(batch) < self._batch_size:
            weight = _weight(self._deliveries[0])
            if weight > room:
                break
            room -= weight
            self._bytes -= weight
            batch.append(self._deliveries.popleft())
        return batch


def _weight(delivery: Delivery) -> int:
    return len(delivery.record) + 1
