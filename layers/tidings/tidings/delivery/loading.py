"""Read the data of delivery commands: notifications, contacts, suppressed addresses."""

from collections.abc import Sequence
from typing import Final

from tidings.delivery import states
from tidings.delivery.attempts import Attempt
from tidings.delivery.events import DeliverNotification
from tidings.delivery.models import Channel, Notification
from tidings.delivery.suppression import suppressed
from tidings.platform.errors import NotYet
from tidings.platform.logging import logger
from tidings.platform.messaging.events import handling
from tidings.platform.storage.rows import rows_of
from tidings.users.contacts import get_contacts

# Fields that sending does not use.
STEPS: Final = tuple(f"deliveries.{channel}.steps" for channel in ("inbox", *Channel))
NOT_READ: Final = dict.fromkeys(("outbox", "title", "body", "metadata", *STEPS), 0)


def load(commands: Sequence[DeliverNotification]) -> list[Attempt]:
    """Return the attempts of those commands whose delivery is open, in at most four round trips."""
    attempts = _open(commands)
    if not attempts:
        return []
    contacts = get_contacts(
        (each.notification.user_id for each in attempts),
        with_devices=any(each.channel is Channel.PUSH for each in attempts),
        may_be_kept=not any(each.notification.carries_code for each in attempts),
    )
    mailed = {each.notification.user_id for each in attempts if each.channel is Channel.EMAIL}
    reasons = suppressed(contacts[each].email for each in mailed & contacts.keys())
    for each in attempts:
        contact = contacts.get(each.notification.user_id)
        each.contact, each.suppression = contact, reasons.get(contact.email) if contact else None
    return attempts


def _open(commands: Sequence[DeliverNotification]) -> list[Attempt]:
    ids = {each.data.notification_id for each in commands}
    read = Notification._get_collection().find({"_id": {"$in": list(ids)}}, NOT_READ)
    found = {each.id: each for each in rows_of(Notification, read)}
    attempts, seen = [], set[tuple[str, str]]()
    for command in commands:
        notification = found.get(command.data.notification_id)
        delivery = notification.deliveries.get(command.data.channel) if notification else None
        if notification is not None and delivery is not None and _is_to_send(command, notification):
            attempt = Attempt(command, notification, Channel(command.data.channel))
            if (place := (notification.id, command.data.channel)) in seen:
                attempt.failure = NotYet("The batch has a command for this delivery before it.")
            seen.add(place)
            attempts.append(attempt)
            continue
        with handling(command):
            logger.info(
                "delivery skipped: delivery is gone or not open",
                notification_id=command.data.notification_id,
                channel=command.data.channel,
                status=delivery.status if delivery else None,
            )
    return attempts


def _is_to_send(command: DeliverNotification, notification: Notification) -> bool:
    channel = command.data.channel
    delivery = notification.deliveries[channel]
    return states.is_open(delivery) or states.is_outdated(notification, channel, delivery)
