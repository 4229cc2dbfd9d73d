"""Builders of readers with accounts, events and providers for tests of notifications."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

from tests.integration.builders import Queues, Taken
from tests.waiting import eventually
from tidings.delivery.models import Notification
from tidings.delivery.outgoing import OutgoingMessage, Receipt
from tidings.notifications.drafting import NotificationContent
from tidings.orders.events import OrderConfirmed, OrderConfirmedData
from tidings.platform.entry.consumer import RETRY_DELAYS_SECONDS
from tidings.platform.security.auth import Principal
from tidings.platform.timing.clock import new_id


class Provider:
    """Accepts and counts every message, unless a test makes it fail."""

    def __init__(self) -> None:
        self.messages: list[OutgoingMessage] = []
        self.failures: list[Exception] = []

    def deliver(self, message: OutgoingMessage) -> Receipt:
        if self.failures:
            raise self.failures.pop(0)
        self.messages.append(message)
        return Receipt(
            provider="stand-in", provider_message_id=f"m-{len(self.messages)}", is_final=True
        )

    def taken(self, channel: str) -> list[OutgoingMessage]:
        return [each for each in self.messages if each.channel == channel]

    @property
    def count(self) -> Counter[tuple[str, str]]:
        return Counter((each.notification_id, each.channel) for each in self.messages)


def confirmed(customer: Principal) -> OrderConfirmed:
    order_id = new_id()
    data = OrderConfirmedData(
        order_id=order_id, customer_id=customer.user_id, total=990, currency="EUR"
    )
    return OrderConfirmed(subject=order_id, data=data)


def some_content(**more: Any) -> NotificationContent:
    event_id = new_id()
    values: dict[str, Any] = {
        "kind": "order.confirmed",
        "category": "orders",
        "template_code": "order_confirmed",
        "variables": {"order_id": "order-7"},
        "subject_id": "order-7",
        "dedupe": event_id,
        "event_id": event_id,
    }
    return NotificationContent(**(values | more))


def the_notification(reader: Principal) -> Notification:
    """Return the only notification of a person."""
    notification: Notification = Notification.objects.get(user_id=reader.user_id)
    return notification


def story(notification: Notification, channel: str) -> list[str]:
    fresh = Notification.objects.get(pk=notification.id)
    return [each.status for each in fresh.deliveries[channel].steps]


def where(notification: Notification, channel: str) -> tuple[str, str | None, datetime | None]:
    delivery = Notification.objects.get(pk=notification.id).deliveries[channel]
    return delivery.status, delivery.reason, delivery.due_at


def waiting(queues: Queues, queue: str) -> dict[str, Any]:
    """Take the failed message out of its retry queue, as if its delay had passed."""
    places = [queue, *(f"retry.{delay}s" for delay in RETRY_DELAYS_SECONDS)]

    def look() -> list[Taken]:
        return next((found for place in places if (found := queues.take_all(place))), [])

    return queues.event_of(queue, eventually(look, what="the message that failed"))


def history(dead: Taken) -> list[str]:
    return [each["error"] for each in json.loads(dead.headers["tidings-history"])]
