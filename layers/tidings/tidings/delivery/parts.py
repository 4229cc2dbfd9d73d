"""The parts of a notification's document: its deliveries and their steps."""

from enum import StrEnum

from mongoengine import (
    BooleanField,
    DateTimeField,
    EmbeddedDocumentListField,
    IntField,
    StringField,
)

from tidings.platform.storage.documents import StoredPart


class Channel(StrEnum):
    """A way to reach a person outside the inbox."""

    EMAIL = "email"
    PUSH = "push"
    SMS = "sms"
    WEBHOOK = "webhook"


class Priority(StrEnum):
    """Urgent deliveries have queues of their own, so they overtake the others."""

    NORMAL = "normal"
    URGENT = "urgent"


class DeliveryStatus(StrEnum):
    """The state of one message on one channel."""

    # Waits for `send_at`, for the end of quiet hours, or for the digest.
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    # A consumer is sending it. If it stays here, the process died before it recorded the result.
    SENDING = "sending"
    # The provider accepted it.
    SENT = "sent"
    # The provider reports that it arrived.
    DELIVERED = "delivered"
    FAILED = "failed"
    # It is not sent on purpose; `reason` tells why.
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    # It may have been sent; this cannot be found out (docs/delivery.md).
    UNKNOWN = "unknown"


class TriedProvider(StoredPart):
    """A provider that did not accept a message."""

    provider = StringField(required=True)
    reason = StringField(required=True)


class Step(StoredPart):
    """One step in the history of a delivery."""

    status = StringField(required=True)
    at = DateTimeField(required=True)
    reason = StringField()
    # Of a call: the provider that accepted the message, and those that did not, in their order.
    provider = StringField()
    # None, because most steps have none; an empty list would be stored.
    tried = EmbeddedDocumentListField(TriedProvider, default=None)


class Delivery(StoredPart):
    """A notification's delivery through one channel; `steps` is its history, oldest first."""

    status = StringField(required=True, choices=[each.value for each in DeliveryStatus])
    reason = StringField()
    due_at = DateTimeField()
    claimed_at = DateTimeField()
    # The claim's id, by which its holder recognizes it.
    claim = StringField()
    attempts = IntField(default=0)
    provider = StringField()
    provider_message_id = StringField()
    # The notification's revision whose text was sent last, if that was not the first text.
    revision = IntField()
    # It failed because of the recipient; its command cannot be redriven.
    undeliverable = BooleanField()
    # It waited for its reader to see the message in the inbox; then it is not sent.
    if_unread = BooleanField()
    steps = EmbeddedDocumentListField(Step)
