"""Keep the batches in flight, and acknowledge or requeue them."""

from collections.abc import Iterable

from pika.adapters.blocking_connection import BlockingChannel

from tidings_local.bridge.batching import Delivery


class InFlight:
    """Keeps the batches in flight in the order of their delivery tags."""

    def __init__(self, channel: BlockingChannel) -> None:
        self._channel = channel
        self._batches: list[list[Delivery]] = []

    def __len__(self) -> int:
        return len(self._batches)

    def add(self, batch: list[Delivery]) -> None:
        self._batches.append(batch)

    def acknowledge(self, batch: list[Delivery]) -> None:
        if self._is_oldest(batch):
            self._channel.basic_ack(batch[-1].tag, multiple=True)
        else:
            for delivery in batch:
                self._channel.basic_ack(delivery.tag)
        self._batches.remove(batch)

    def requeue(self, batch: list[Delivery]) -> None:
        self.give_back(batch)
        self._batches.remove(batch)

    def give_back(self, deliveries: Iterable[Delivery]) -> None:
        # One by one: "multiple" would include older messages of other batches.
        for delivery in deliveries:
            self._channel.basic_nack(delivery.tag, requeue=True)

    def _is_oldest(self, batch: list[Delivery]) -> bool:
        """Return whether "multiple", which means all up to this tag, is only this batch."""
        return self._batches[0] is batch
