"""From what is to be told, and a person, to the notification that is stored."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from tidings.notifications.events import DeliverNotification, DeliverNotificationData
from tidings.notifications.models import (
    Channel,
    Delivery,
    DeliveryStatus,
    Notification,
    Priority,
    Step,
)
from tidings.notifications.planning import (
    DIGEST,
    INBOX,
    SEND_AT,
    SWITCHED_OFF,
    Decision,
    decide,
    reaches_inbox,
    wished_channels,
)
from tidings.notifications.words import NO_WORDS, Words, words_for
from tidings.platform.clock import new_id
from tidings.platform.outbox import OutboxEntry
from tidings.templates.schemas import Rendered
from tidings.users.contact_points import Contact

KEPT_FOR: Final = timedelta(days=180)
# What brings a code: where no delivery drops it, because its command was lost.
CODE_KEPT_FOR: Final = timedelta(days=7)
NO_PART: Final = "template has no such part"
# What a notification says as it was told.
AS_TOLD: Final = (
    *("kind", "category", "template_code", "subject_id", "event_id", "correlation_id"),
    *("campaign_id", "transactional", "carries_code"),
)


@dataclass(frozen=True)
class Telling:
    """What to tell. With each person's id, `dedupe` makes sure that it is told them once.

    Without `channels` it goes to the inbox, by email and by push, as each person prefers;
    with `channels` to those, unless the person does not want them.
    """

    kind: str
    category: str
    template_code: str
    variables: Mapping[str, Any]
    subject_id: str
    dedupe: str
    event_id: str
    correlation_id: str | None = None
    channels: frozenset[str] | None = None
    priority: Priority = Priority.NORMAL
    send_at: datetime | None = None
    campaign_id: str | None = None
    transactional: bool = False
    carries_code: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    # More variables, for some of the people.
    personal: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def variables_for(self, contact: Contact) -> dict[str, Any]:
        return {**self.variables, **self.personal.get(contact.user_id, {})}


def draft(contact: Contact, telling: Telling, words: Words, at: datetime) -> Notification:
    """Return what a person is told, with its plan for each channel and the commands for now.

    Raises:
        TidingsError: the template cannot be rendered with the variables.
    """
    later = telling.send_at if telling.send_at and telling.send_at > at else None
    variables = telling.variables_for(contact)
    made = words.for_person(contact, variables)
    notification = Notification(
        id=_id_at(later) if later else new_id(),
        user_id=contact.user_id,
        template_version=words.version,
        language=contact.preferences.language,
        variables=variables,
        title=_title(made, telling),
        body=made.inbox_body or "",
        dedupe_key=f"{telling.dedupe}:{contact.user_id}",
        priority=telling.priority.value,
        metadata=dict(telling.metadata),
        created_at=at,
        expires_at=(later or at) + (CODE_KEPT_FOR if telling.carries_code else KEPT_FOR),
        deliveries=_deliveries(made, telling, contact, later, at),
        **{name: getattr(telling, name) for name in AS_TOLD},
    )
    _note_due(notification)
    _add_commands(notification)
    return notification


def draft_failed(contact: Contact, telling: Telling, reason: str, at: datetime) -> Notification:
    """Return what a person could not be told: no words, and each channel failed, with why."""
    channels = telling.channels or wished_channels(telling, contact)
    failed = Decision(DeliveryStatus.FAILED, reason)
    return Notification(
        id=new_id(),
        user_id=contact.user_id,
        language=contact.preferences.language,
        title="",
        body="",
        dedupe_key=f"{telling.dedupe}:{contact.user_id}",
        priority=telling.priority.value,
        metadata=dict(telling.metadata),
        in_inbox=False,
        created_at=at,
        expires_at=at + KEPT_FOR,
        deliveries={channel: _begin(failed, at) for channel in channels},
        **{name: getattr(telling, name) for name in AS_TOLD},
    )


def _deliveries(
    made: Rendered, telling: Telling, contact: Contact, later: datetime | None, at: datetime
) -> dict[str, Delivery]:
    wished = telling.channels
    if wished is None:
        wished = wished_channels(telling, contact)
    plans: dict[str, Decision] = {
        channel.value: _plan(channel, made, telling, contact, later, at)
        for channel in Channel
        if channel.value in wished
    }
    if INBOX in wished:
        plans[INBOX] = _plan_inbox(made, telling, contact, later)
    return {channel: _begin(decision, at) for channel, decision in plans.items()}


def _title(made: Rendered, telling: Telling) -> str:
    """Return what inbox and digest call it. A mail's subject may have a code in it."""
    return made.inbox_title or (not telling.carries_code and made.email_subject) or ""


def _begin(decision: Decision, at: datetime) -> Delivery:
    """Return the beginning of a delivery's story."""
    step = Step(status=decision.status.value, at=at, reason=decision.reason)
    return Delivery(
        status=decision.status.value,
        reason=decision.reason,
        due_at=decision.due_at,
        steps=[Step(status="accepted", at=at), step],
    )


def _note_due(notification: Notification) -> None:
    """Let the inbox, what releases, and what gathers digests find what is theirs."""
    inbox = notification.deliveries.get(INBOX)
    notification.in_inbox = inbox is not None and inbox.status == DeliveryStatus.DELIVERED
    scheduled = [
        each for each in notification.deliveries.values() if each.status == DeliveryStatus.SCHEDULED
    ]
    waiting = [each.due_at for each in scheduled if each.reason != DIGEST]
    gathered = [each.due_at for each in scheduled if each.reason == DIGEST]
    notification.next_due_at = min(waiting, default=None)
    notification.digest_due_at = min(gathered, default=None)


def _add_commands(notification: Notification) -> None:
    notification.outbox = [
        OutboxEntry.of(command_for(notification, Channel(channel)))
        for channel, delivery in notification.deliveries.items()
        if delivery.status == DeliveryStatus.QUEUED
    ]


def command_for(notification: Notification, channel: Channel) -> DeliverNotification:
    """Return the command that has a notification delivered."""
    data = DeliverNotificationData.model_validate(
        {
            "notification_id": notification.id,
            "channel": channel.value,
            "priority": notification.priority,
        }
    )
    return DeliverNotification(
        subject=notification.id, correlationid=notification.correlation_id, data=data
    )


def _plan(
    channel: Channel,
    made: Rendered,
    telling: Telling,
    contact: Contact,
    later: datetime | None,
    at: datetime,
) -> Decision:
    if words_for(channel, made) == NO_WORDS:
        return Decision(DeliveryStatus.SUPPRESSED, NO_PART)
    decision = decide(channel, telling, contact, later or at)
    if later and decision.status == DeliveryStatus.QUEUED:
        return Decision(DeliveryStatus.SCHEDULED, SEND_AT, later)
    return decision


def _plan_inbox(
    made: Rendered, telling: Telling, contact: Contact, later: datetime | None
) -> Decision:
    if not made.inbox_title:
        return Decision(DeliveryStatus.SUPPRESSED, NO_PART)
    if not reaches_inbox(telling, contact):
        return Decision(DeliveryStatus.SUPPRESSED, SWITCHED_OFF)
    if later:
        return Decision(DeliveryStatus.SCHEDULED, SEND_AT, later)
    return Decision(DeliveryStatus.DELIVERED)


def _id_at(moment: datetime) -> str:
    """Return an id that sorts among those of its time: an inbox is in order of its ids."""
    return f"{int(moment.timestamp() * 1000):012x}{secrets.randbits(47):012x}"
