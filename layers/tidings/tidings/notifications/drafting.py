"""Create the notification document for a person from a content."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tidings.delivery.messages import NO_TEXT, marked, text_for, variables_for
from tidings.delivery.models import Channel, DeliveryStatus, Notification, Priority
from tidings.delivery.planning import (
    DIGEST,
    INBOX,
    SEND_AT,
    SWITCHED_OFF,
    Decision,
    after_unread,
    decide,
    reaches_inbox,
    wished_channels,
)
from tidings.delivery.reports import report_of
from tidings.delivery.states import command_for, first_state
from tidings.platform.messaging.outbox import stored_entry
from tidings.platform.retention import stored as retention
from tidings.platform.storage.rows import row_class
from tidings.platform.timing.clock import new_id
from tidings.templates.content import Rendered
from tidings.users.contacts import Contact
from tidings.users.simulated import PERSONS

KEPT_FOR: Final = retention.NOTIFICATIONS.period
# Notifications with a code. Normally the delivery deletes the code; this limit applies if its
# command was lost.
CODE_KEPT_FOR: Final = retention.CODE_NOTIFICATIONS.period
NO_PART: Final = "template has no such part"
# The fields that a notification copies from its content.
COPIED_FIELDS: Final = (
    *("kind", "category", "template_code", "subject_id", "event_id", "correlation_id"),
    *("campaign_id", "variant", "transactional", "carries_code", "callback_to"),
)

# A document or a part of it in its stored form.
Stored = dict[str, Any]


@dataclass(frozen=True)
class NotificationContent:
    """One message to one or many people.

    `dedupe` together with a person's id ensures that the person gets it once. Without `channels` it
    goes to the inbox, by email and by push, as each person prefers. With `channels` it goes only to
    those, unless the person does not want them.
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
    # The variant of a campaign's experiment, for the people of its test.
    variant: str | None = None
    transactional: bool = False
    carries_code: bool = False
    # A test key sends it: it must not leave, and is not shown in an inbox.
    simulated: bool = False
    # The language of a sample, which operators get instead of the recipients.
    sample_language: str | None = None
    # The service whose callback gets its final statuses.
    callback_to: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    # Additional variables of some people, by user id.
    personal: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def is_sample(self) -> bool:
        return self.sample_language is not None

    def variables_for(self, contact: Contact) -> dict[str, Any]:
        return {**self.variables, **self.personal.get(contact.user_id, {})}

    def language_for(self, contact: Contact) -> str:
        return self.sample_language or contact.preferences.language


def draft(
    contact: Contact,
    content: NotificationContent,
    version: int,
    at: datetime,
    *,
    logs: bool = True,
) -> Notification:
    """Return a person's notification with a decision for each channel and the commands to send now.

    It is a row (`storage.rows`), to be inserted in its stored form. A failure to render is logged
    unless `logs` is False.

    Raises:
        TidingsError: the template cannot be rendered with the variables.
    """
    later = content.send_at if content.send_at and content.send_at > at else None
    variables = content.variables_for(contact)
    # Jinja is imported with the first message that is rendered.
    from tidings.templates import rendering

    rendered = rendering.render(
        content.template_code,
        version=version,
        language=content.language_for(contact),
        variables=variables_for(contact, variables),
        logs=logs,
    )
    if content.sample_language:
        rendered = marked(rendered)
    more = {
        "_id": _id_at(later) if later else new_id(),
        "template_version": version,
        "variables": variables,
        "title": title_of(rendered, carries_code=content.carries_code),
        "body": rendered.inbox_body or "",
        "expires_at": (later or at) + (CODE_KEPT_FOR if content.carries_code else KEPT_FOR),
    }
    return _row(contact, content, _deliveries(rendered, content, contact, later, at), at, more)


def draft_failed(
    contact: Contact, content: NotificationContent, reason: str, at: datetime
) -> Notification:
    """Return a notification without text, whose deliveries all failed with this reason."""
    channels = content.channels or wished_channels(content, contact)
    failed = Decision(DeliveryStatus.FAILED, reason)
    deliveries = {channel: first_state(failed, at) for channel in channels}
    texts = {"title": "", "body": "", "variables": {}}
    more = {"_id": new_id(), **texts, "expires_at": at + KEPT_FOR}
    return _row(contact, content, deliveries, at, more)


def _row(
    contact: Contact,
    content: NotificationContent,
    deliveries: Mapping[str, Stored],
    at: datetime,
    more: Stored,
) -> Notification:
    """Return a new notification as a row, with the commands to send now.

    To make a document of it and its ten parts, and their stored form, takes 40 % of the time in
    which a batch of events becomes notifications.
    """
    simulated = content.simulated or contact.user_id in PERSONS
    values = more | {
        **{name: getattr(content, name) for name in COPIED_FIELDS},
        **_due(deliveries, is_shown=not simulated),
        # Only if it is true, because few are.
        "simulated": simulated or None,
        "user_id": contact.user_id,
        "language": content.language_for(contact),
        "is_sample": content.is_sample or None,
        "dedupe_key": f"{content.dedupe}:{contact.user_id}",
        "priority": content.priority.value,
        "metadata": dict(content.metadata),
        "created_at": at,
        "deliveries": deliveries,
        "channels_named": content.channels is not None,
    }
    stored = {name: value for name, value in values.items() if value is not None}
    notification: Notification = row_class(Notification)(stored)  # type: ignore[assignment]
    stored["outbox"] = [
        stored_entry(command_for(notification, Channel(channel)))
        for channel, delivery in deliveries.items()
        if delivery["status"] == DeliveryStatus.QUEUED
    ]
    reports = [
        report_of(notification, channel, delivery["status"], delivery.get("reason"), at)
        for channel, delivery in deliveries.items()
    ]
    stored["outbox"] += [stored_entry(each) for each in reports if each is not None]
    return notification


def _deliveries(
    rendered: Rendered,
    content: NotificationContent,
    contact: Contact,
    later: datetime | None,
    at: datetime,
) -> dict[str, Stored]:
    wished = content.channels
    if wished is None:
        wished = wished_channels(content, contact)
    plans: dict[str, Decision] = {
        channel.value: _plan(channel, rendered, content, contact, later, at)
        for channel in Channel
        if channel.value in wished
    }
    if INBOX in wished:
        plans[INBOX] = _plan_inbox(rendered, content, contact, later)
    waiting = _after_inbox(plans, content, contact, later or at)
    plans |= waiting
    return {
        channel: first_state(decision, at, if_unread=channel in waiting)
        for channel, decision in plans.items()
    }


def _after_inbox(
    plans: Mapping[str, Decision], content: NotificationContent, contact: Contact, at: datetime
) -> dict[str, Decision]:
    """Return the plan of a mail that waits until its reader could have seen it in the inbox.

    Args:
        at: when the inbox has it.
    """
    mail, inbox = plans.get(Channel.EMAIL), plans.get(INBOX)
    if mail is None or inbox is None or inbox.status == DeliveryStatus.SUPPRESSED:
        return {}
    if contact.user_id in PERSONS:  # no inbox shows it
        return {}
    decision = after_unread(mail, content, at)
    return {} if decision is None else {Channel.EMAIL.value: decision}


def title_of(rendered: Rendered, *, carries_code: bool) -> str:
    """Return the title for inbox and digest; not the mail's subject if that may contain a code."""
    return rendered.inbox_title or (not carries_code and rendered.email_subject) or ""


def _due(deliveries: Mapping[str, Stored], *, is_shown: bool) -> Stored:
    """Return the fields by which inbox, release job and digest job find the notification."""
    inbox = deliveries.get(INBOX)
    scheduled = [e for e in deliveries.values() if e["status"] == DeliveryStatus.SCHEDULED]
    waiting = [each["due_at"] for each in scheduled if each["reason"] != DIGEST]
    gathered = [each["due_at"] for each in scheduled if each["reason"] == DIGEST]
    return {
        "in_inbox": is_shown and inbox is not None and inbox["status"] == DeliveryStatus.DELIVERED,
        "next_due_at": min(waiting, default=None),
        "digest_due_at": min(gathered, default=None),
    }


def _plan(
    channel: Channel,
    rendered: Rendered,
    content: NotificationContent,
    contact: Contact,
    later: datetime | None,
    at: datetime,
) -> Decision:
    if text_for(channel, rendered) == NO_TEXT:
        return Decision(DeliveryStatus.SUPPRESSED, NO_PART)
    decision = decide(channel, content, contact, later or at)
    if later and decision.status == DeliveryStatus.QUEUED:
        return Decision(DeliveryStatus.SCHEDULED, SEND_AT, later)
    return decision


def _plan_inbox(
    rendered: Rendered, content: NotificationContent, contact: Contact, later: datetime | None
) -> Decision:
    if not rendered.inbox_title:
        return Decision(DeliveryStatus.SUPPRESSED, NO_PART)
    if not reaches_inbox(content, contact):
        return Decision(DeliveryStatus.SUPPRESSED, SWITCHED_OFF)
    if later:
        return Decision(DeliveryStatus.SCHEDULED, SEND_AT, later)
    return Decision(DeliveryStatus.DELIVERED)


def _id_at(moment: datetime) -> str:
    """Return an id that sorts by this time, because an inbox is sorted by its ids."""
    return f"{int(moment.timestamp() * 1000):012x}{secrets.randbits(47):012x}"
