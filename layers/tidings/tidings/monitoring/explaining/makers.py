"""The functions and queues that make the steps; a test compares them with template.yaml.

A step does not record its function. It follows from the kind of the step.
"""

from typing import Any, Final, NamedTuple

from tidings.delivery.events import DeliverNotification
from tidings.delivery.models import DeliveryStatus, Priority
from tidings.delivery.planning import DIGEST

CONSUMERS: Final = {
    "inventory": "inventory",
    "orders": "orders",
    "notifications": "notifications",
    "order_updates_queue": "order-updates",
    "followers": "tell-followers",
    "campaigns.queue": "campaigns",
    "email.queue": "deliver-email",
    "email.urgent.queue": "deliver-urgent-email",
    "push.queue": "deliver-push",
    "push.urgent.queue": "deliver-urgent-push",
    "sms.queue": "deliver-sms",
    "webhook.queue": "deliver-webhook",
}
RELEASES: Final = "release-due-notifications"
SENDS_DIGESTS: Final = "send-digests"
JOBS: Final = (RELEASES, SENDS_DIGESTS)
FOLLOWED: Final = frozenset({"product.back_in_stock", "product.price_dropped"})


class Maker(NamedTuple):
    """The function of a step, and the queue of its message; None if there is none."""

    function: str | None = None
    queue: str | None = None


# A call of the API: by the gateway or by a REST function.
A_CALL: Final = Maker()


def consumer_of(queue: str) -> Maker:
    return Maker(CONSUMERS[queue], queue)


def creator_of(notification: Any) -> Maker:
    """Return the maker of a notification."""
    if notification.dedupe_key.startswith(("send:", "test:")):
        return A_CALL
    if notification.dedupe_key.startswith("digest:"):
        return Maker(SENDS_DIGESTS)
    if notification.campaign_id is not None:
        return consumer_of("campaigns.queue")
    if notification.kind == "order.status_update":
        return consumer_of("order_updates_queue")
    if notification.kind in FOLLOWED:
        return consumer_of("followers")
    return consumer_of("notifications")


def sender_of(notification: Any, channel: str) -> Maker:
    """Return the consumer that sends a notification through a channel."""
    urgent = f"{channel}.urgent"
    is_urgent = (
        notification.priority == Priority.URGENT and urgent in DeliverNotification.ROUTING_KEYS
    )
    return consumer_of(f"{urgent if is_urgent else channel}.queue")


def maker_of(notification: Any, channel: str, before: Any, step: Any) -> Maker:
    """Return the maker of a step of a delivery; `before` is the step before it."""
    if before is None:
        return creator_of(notification)
    if step.status == DeliveryStatus.CANCELLED:
        return A_CALL
    if before.status == DeliveryStatus.SCHEDULED:
        return Maker(SENDS_DIGESTS if before.reason == DIGEST else RELEASES)
    is_reported = before.status in _AFTER_SENDING and step.status not in _SENT_AGAIN
    if step.status == DeliveryStatus.DELIVERED or is_reported:
        return consumer_of("notifications")  # a provider's report
    if channel not in _SENT_THROUGH:
        return A_CALL
    return sender_of(notification, channel)


_AFTER_SENDING: Final = frozenset(
    {DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.UNKNOWN}
)
# A push whose text was changed.
_SENT_AGAIN: Final = frozenset({DeliveryStatus.SENDING, DeliveryStatus.SCHEDULED})
_SENT_THROUGH: Final = frozenset(
    each for each in DeliverNotification.ROUTING_KEYS if "." not in each
)
