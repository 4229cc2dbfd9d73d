"""Release scheduled notifications at `send_at` or at the end of a person's quiet hours."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import UpdateOne

from tidings.delivery import former_indexes, inbox_signals, status
from tidings.delivery.changes import update_of
from tidings.delivery.claims import settle_lost_claims
from tidings.delivery.inbox_signals import Changed
from tidings.delivery.models import Channel, Delivery, DeliveryStatus, Notification
from tidings.delivery.planning import DIGEST, INBOX, Decision, decide, seen_instead
from tidings.delivery.reports import report_of
from tidings.delivery.states import BY_DECISION, LEASE, command_for
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox, relay
from tidings.platform.messaging.outbox import OutboxEntry
from tidings.platform.storage import database
from tidings.platform.timing.clock import now
from tidings.users.contacts import Contact, get_contacts

ROUND: Final = 200
RELEASING_SECONDS: Final = 40.0
LEFT_FOR: Final = timedelta(minutes=1)


def release_due_notifications(at: datetime, *, seconds: float = RELEASING_SECONDS) -> int:
    """Release due notifications for at most `seconds`; lost claims are settled first.

    Preferences and quiet hours are checked again. Several jobs may run at once: a notification is
    changed only if it is unchanged since it was read.

    Returns:
        The number of released notifications.
    """
    former_indexes.follow(at)
    if lost := settle_lost_claims(at):
        logger.warning("claims of dead processes settled", deliveries=lost)
    deadline, released = time.monotonic() + seconds, 0
    while time.monotonic() < deadline and (found := _due(at)):
        _end_waits([each for each in found if not _is_waiting(each, at)], at)
        released += _release([each for each in found if _is_waiting(each, at)], at)
        relay.publish_stored()
    return released


def _due(at: datetime) -> list[Notification]:
    found = Notification.objects(next_due_at__lte=at).order_by("next_due_at")
    return list(found.exclude("variables", "title", "body").limit(ROUND))


def _is_waiting(notification: Notification, at: datetime) -> bool:
    return any(_is_due(each, at) for each in notification.deliveries.values())


def _waits_for_inbox(notification: Notification, at: datetime) -> bool:
    inbox = notification.deliveries.get(INBOX)
    return inbox is not None and _is_due(inbox, at) and not notification.simulated


def _end_waits(found: list[Notification], at: datetime) -> None:
    """Correct the time of notifications that were found too early, mostly after a claim."""
    if not found:
        return
    updates = [UpdateOne(_unchanged(each), _next_due(each, at)) for each in found]
    with database.writing_many(len(updates)):
        Notification._get_collection().bulk_write(updates, ordered=False)


def _release(found: list[Notification], at: datetime) -> int:
    if not found:
        return 0
    people = get_contacts(each.user_id for each in found)
    shown = [Changed(each.user_id, each.id) for each in found if _waits_for_inbox(each, at)]
    updates = [_update(each, people.get(each.user_id), at) for each in found]
    with database.writing_many(len(updates)):
        result = Notification._get_collection().bulk_write(updates, ordered=False)
    changed = int(result.modified_count)
    status.forget(each.id for each in found)
    # If some were changed meanwhile, it is not known which: the relay publishes the commands.
    for each in found if changed == len(found) else ():
        outbox.note_stored(each)
    inbox_signals.announce(shown)
    logger.info("due notifications released", notifications=changed)
    return changed


def _update(notification: Notification, contact: Contact | None, at: datetime) -> UpdateOne:
    """Return the update that releases one notification, if it is unchanged since it was read."""
    change: dict[str, dict[str, Any]] = {"$set": {}, "$push": {}, "$unset": {}}
    unchanged = _unchanged(notification)
    notification.outbox = []  # the relay publishes older entries
    for channel, delivery in notification.deliveries.items():
        if not _is_due(delivery, at):
            continue
        decision = _decide(channel, notification, contact, at)
        update = update_of(
            channel,
            BY_DECISION[decision.status],
            decision.reason,
            at=at,
            due_at=decision.due_at,
        )
        update.pop("$min", None)  # `_next_due` sets it
        _merge(change, update)
        delivery.status, delivery.due_at = decision.status.value, decision.due_at
        if decision.status == DeliveryStatus.QUEUED:
            entry = OutboxEntry.of(command_for(notification, Channel(channel)))
            notification.outbox.append(entry)
        if report := report_of(notification, channel, decision.status, decision.reason, at):
            notification.outbox.append(OutboxEntry.of(report))
        if channel == INBOX:
            is_there = decision.status == DeliveryStatus.DELIVERED
            change["$set"]["in_inbox"] = is_there and not notification.simulated
            # Not the job's time: a late job would hide it from the streams of the live inbox.
            change["$set"]["shown_at"] = now()
    _merge(change, _next_due(notification, at))
    if notification.outbox:
        entries = [each.to_mongo() for each in notification.outbox]
        change["$push"]["outbox"] = {"$each": entries}
    return UpdateOne(unchanged, {name: values for name, values in change.items() if values})


def _unchanged(notification: Notification) -> dict[str, Any]:
    unchanged: dict[str, Any] = {"_id": notification.id}
    for channel, delivery in notification.deliveries.items():
        place = f"deliveries.{channel}"
        unchanged |= {f"{place}.status": delivery.status, f"{place}.due_at": delivery.due_at}
    return unchanged


def _is_due(delivery: Delivery, at: datetime) -> bool:
    waits = delivery.status == DeliveryStatus.SCHEDULED and delivery.reason != DIGEST
    return bool(waits and delivery.due_at <= at)


def _decide(
    channel: str, notification: Notification, contact: Contact | None, at: datetime
) -> Decision:
    if channel == INBOX:
        return Decision(DeliveryStatus.DELIVERED)
    if reason := seen_instead(Channel(channel), notification):
        return Decision(DeliveryStatus.SUPPRESSED, reason)
    return decide(Channel(channel), notification, contact, at, digest=False)


def _next_due(notification: Notification, at: datetime) -> dict[str, Any]:
    waits = [
        each.due_at
        for each in notification.deliveries.values()
        if each.status == DeliveryStatus.SCHEDULED and each.reason != DIGEST
    ]
    # Lost claims were settled before this; one that was left is not looked at again at once.
    waits += [
        max(each.claimed_at + LEASE, at + LEFT_FOR)
        for each in notification.deliveries.values()
        if each.status == DeliveryStatus.SENDING
    ]
    if not waits:
        return {"$unset": {"next_due_at": 1}}
    return {"$set": {"next_due_at": min(waits)}}


def _merge(change: dict[str, dict[str, Any]], more: Mapping[str, Mapping[str, Any]]) -> None:
    for name, values in more.items():
        change.setdefault(name, {}).update(values)
