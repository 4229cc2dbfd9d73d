"""Find notifications, and explain each: who made it, its deliveries, what its reader did."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from tidings.delivery.models import DeliveryStatus, Notification, Unsubscription
from tidings.delivery.planning import INBOX
from tidings.monitoring.explaining.deliveries import outcomes_of, steps_of
from tidings.monitoring.explaining.makers import creator_of
from tidings.monitoring.explaining.schemas import (
    ExplainedEvent,
    ExplainedNotification,
    ExplainedStep,
    ExplanationNote,
)
from tidings.notifications.rules import RULES
from tidings.platform.storage.rows import rows, rows_of
from tidings.platform.timing.clock import first_id

# Without texts, without variables except the state of an order.
READ: Final = [
    *("user_id", "kind", "category", "subject_id", "dedupe_key", "event_id", "correlation_id"),
    *("campaign_id", "priority", "in_inbox", "created_at", "read_at", "archived_at"),
    *("retracted_at", "revision", "updated_at"),
    *("deliveries", "channels_named", "simulated", "variables.state"),
    *("outbox.event_id", "outbox.type", "outbox.time", "outbox.correlation_id"),
]
# An order and its first notification are made by machines whose clocks differ a little.
CLOCKS_DIFFER: Final = timedelta(minutes=1)
EVENT_OF_KIND: Final = {rule.kind: event.event_type() for event, rule in RULES.items()}


def notification_with(notification_id: str) -> Any:
    """Return the row of a notification, or None."""
    found = Notification._get_collection().find({"_id": notification_id}, READ)
    return next(rows_of(Notification, found), None)


def notifications_about(subject_id: str, user_id: str, since: datetime, at_most: int) -> list[Any]:
    """Return the rows of a person's notifications about a subject, oldest first.

    They are found by the index on person and id; ids sort by time.
    """
    where = {
        "user_id": user_id,
        "_id": {"$gte": first_id(since - CLOCKS_DIFFER)},
        "subject_id": subject_id,
    }
    found = Notification._get_collection().find(where, READ).sort("_id", 1).limit(at_most)
    return list(rows_of(Notification, found))


def latest_notifications(user_id: str, at_most: int) -> list[Any]:
    """Return the rows of a person's latest notifications, latest first."""
    found = Notification._get_collection().find({"user_id": user_id}, READ)
    return list(rows_of(Notification, found.sort("_id", -1).limit(at_most)))


def notification_steps(found: Sequence[Any]) -> Iterator[ExplainedStep]:
    """Yield the steps of notifications and of their deliveries."""
    clicks = {each.id: each for each in _unsubscriptions(found)}
    for notification in found:
        yield _stored(notification)
        yield from steps_of(notification)
        yield from waiting_events(notification, notification_id=notification.id)
        yield from _of_the_reader(notification, clicks.get(notification.id))


def waiting_events(document: Any, *, notification_id: str | None = None) -> Iterator[ExplainedStep]:
    """Yield the events that wait in a document's outbox."""
    for entry in document.outbox:
        yield ExplainedStep(
            at=entry.time,
            code="event.waits",
            sentence=f"{entry.type} waits in the outbox: it is not published yet.",
            correlation_id=entry.correlation_id,
            event_id=entry.event_id,
            notification_id=notification_id,
        )


def explained(notification: Any) -> ExplainedNotification:
    return ExplainedNotification(
        notification_id=notification.id,
        kind=notification.kind,
        created_at=notification.created_at,
        channels=outcomes_of(notification),
    )


def cause_of(notification: Any) -> ExplainedEvent:
    """Return the event or the other cause of a notification."""
    return ExplainedEvent(
        event_id=notification.event_id,
        type=_cause(notification),
        at=None,
        correlation_id=notification.correlation_id,
        notifications=[explained(notification)],
    )


def notes_on(found: Iterable[Any]) -> Iterator[ExplanationNote]:
    for notification in found:
        if notification.simulated:
            yield ExplanationNote(
                code="simulated",
                sentence=f"{notification.id} is simulated: a test key sent it, or its recipient is"
                " simulated. Nothing left, and no inbox shows it.",
            )
            continue
        inbox = notification.deliveries.get(INBOX)
        is_there = inbox is not None and inbox.status == DeliveryStatus.DELIVERED
        is_taken_back = notification.retracted_at is not None
        if is_there and notification.in_inbox is False and not is_taken_back:
            yield ExplanationNote(
                code="removed_from_inbox",
                sentence=f"The person removed {notification.id} from the inbox; the time is not"
                " recorded.",
            )


def _cause(notification: Any) -> str:
    if notification.dedupe_key.startswith("send:"):
        return "send_api"
    if notification.dedupe_key.startswith("digest:"):
        return "digest"
    if notification.campaign_id is not None:
        return "campaign"
    kind: str = notification.kind
    return EVENT_OF_KIND.get(kind, kind)


def _stored(notification: Any) -> ExplainedStep:
    maker, cause = creator_of(notification), _cause(notification)
    return ExplainedStep(
        at=notification.created_at,
        code="notification.stored",
        reason=cause,
        sentence=f"The notification {notification.kind} was stored, because of {cause}.",
        function=maker.function,
        queue=maker.queue,
        correlation_id=notification.correlation_id,
        event_id=notification.event_id,
        notification_id=notification.id,
    )


def _of_the_reader(notification: Any, click: Any) -> Iterator[ExplainedStep]:
    revision = notification.revision
    did = [
        (notification.read_at, "read", "The person has read it."),
        (notification.archived_at, "archived", "The person archived it."),
        (notification.updated_at, "updated", f"Its text was changed to revision {revision}."),
        (notification.retracted_at, "retracted", "Its sender or an operator took it back."),
    ]
    if click is not None:
        sentence = f"The person switched off mails of {click.category} by the link in this mail."
        did.append((click.created_at, "unsubscribed", sentence))
    for at, name, sentence in did:
        if at is not None:
            yield ExplainedStep(
                at=at,
                code=f"notification.{name}",
                sentence=sentence,
                notification_id=notification.id,
            )


def _unsubscriptions(found: Sequence[Any]) -> Iterator[Any]:
    return rows(Unsubscription.objects(pk__in=[each.id for each in found]))
