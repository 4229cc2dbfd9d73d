"""Telling people something: each once, in the inbox and by the channels that they want."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

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
from tidings.platform import outbox
from tidings.platform.clock import new_id, now
from tidings.platform.logging import logger
from tidings.platform.outbox import OutboxEntry
from tidings.templates.schemas import Rendered
from tidings.users.contact_points import Contact, get_contacts

MAX_TOLD: Final = 500
KEPT_FOR: Final = timedelta(days=180)
NO_PART: Final = "template has no such part"


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


class Told(NamedTuple):
    """A person's notification; `is_new` is False where they were told before."""

    notification_id: str
    is_new: bool


def tell(
    user_ids: Iterable[str], telling: Telling, *, at: datetime | None = None
) -> dict[str, Told]:
    """Store a notification for each of at most 500 people, with the commands that deliver it.

    The number of database commands does not grow with the number of people. Who has no
    account (any more) is left out of the answer.

    Raises:
        TidingsError: there is no such template, or it cannot be rendered with the variables.
    """
    wanted = list(dict.fromkeys(user_ids))
    if len(wanted) > MAX_TOLD:
        raise ValueError(f"Tell at most {MAX_TOLD} people at once.")
    people = get_contacts(wanted)
    if not people:
        return {}
    words = Words(telling.template_code)
    moment = at or now()
    documents = [_notification(each, telling, words, moment) for each in people.values()]
    known = _known(outbox.insert_all(Notification, documents))
    logger.info(
        "people told", kind=telling.kind, stored=len(documents) - len(known), known=len(known)
    )
    fresh = {each.user_id: Told(each.id, True) for each in documents}
    return fresh | known


def _known(refused: list[Notification]) -> dict[str, Told]:
    if not refused:
        return {}
    keys = [each.dedupe_key for each in refused]
    found = Notification.objects(dedupe_key__in=keys).only("user_id").batch_size(MAX_TOLD + 1)
    return {each.user_id: Told(each.id, False) for each in found}


def _notification(contact: Contact, telling: Telling, words: Words, at: datetime) -> Notification:
    later = telling.send_at if telling.send_at and telling.send_at > at else None
    variables = telling.variables_for(contact)
    wished = telling.channels
    if wished is None:
        wished = wished_channels(telling, contact)
    made = words.for_person(contact, variables)
    deliveries: dict[str, Delivery] = {
        channel.value: begin(_plan(channel, made, telling, contact, later, at), at)
        for channel in Channel
        if channel.value in wished
    }
    if INBOX in wished:
        deliveries[INBOX] = begin(_plan_inbox(made, telling, contact, later), at)
    in_inbox = INBOX in deliveries and deliveries[INBOX].status == DeliveryStatus.DELIVERED
    notification = Notification(
        id=_id_at(later) if later else new_id(),
        user_id=contact.user_id,
        kind=telling.kind,
        category=telling.category,
        template_code=telling.template_code,
        template_version=words.version,
        language=contact.preferences.language,
        variables=variables,
        # Only the inbox's: a mail's words may have a code in them.
        title=(INBOX in wished and made.inbox_title) or "",
        body=(INBOX in wished and made.inbox_body) or "",
        subject_id=telling.subject_id,
        dedupe_key=f"{telling.dedupe}:{contact.user_id}",
        event_id=telling.event_id,
        correlation_id=telling.correlation_id,
        campaign_id=telling.campaign_id,
        priority=telling.priority.value,
        transactional=telling.transactional,
        carries_code=telling.carries_code,
        metadata=dict(telling.metadata),
        in_inbox=in_inbox,
        created_at=at,
        expires_at=(later or at) + KEPT_FOR,
        deliveries=deliveries,
    )
    note_due(notification)
    notification.outbox = [
        OutboxEntry.of(command_for(notification, Channel(channel)))
        for channel, delivery in deliveries.items()
        if delivery.status == DeliveryStatus.QUEUED
    ]
    return notification


def begin(decision: Decision, at: datetime) -> Delivery:
    """Return the beginning of a delivery's story."""
    step = Step(status=decision.status.value, at=at, reason=decision.reason)
    return Delivery(
        status=decision.status.value,
        reason=decision.reason,
        due_at=decision.due_at,
        steps=[Step(status="accepted", at=at), step],
    )


def note_due(notification: Notification) -> None:
    """Let what releases, and what gathers digests, find what is scheduled."""
    scheduled = [
        each for each in notification.deliveries.values() if each.status == DeliveryStatus.SCHEDULED
    ]
    waiting = [each.due_at for each in scheduled if each.reason != DIGEST]
    gathered = [each.due_at for each in scheduled if each.reason == DIGEST]
    notification.next_due_at = min(waiting, default=None)
    notification.digest_due_at = min(gathered, default=None)


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
