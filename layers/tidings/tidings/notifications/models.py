"""Documents of the notifications' database."""

from enum import StrEnum
from typing import Final

from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    MapField,
    StringField,
)

from tidings.platform.clock import new_id, now
from tidings.platform.outbox import OutboxDocument


class Channel(StrEnum):
    """A way to reach a person outside the inbox."""

    EMAIL = "email"
    PUSH = "push"
    SMS = "sms"
    WEBHOOK = "webhook"


class Priority(StrEnum):
    """Urgent deliveries have queues of their own and pass the others."""

    NORMAL = "normal"
    URGENT = "urgent"


class DeliveryStatus(StrEnum):
    """How far one message has come on one channel."""

    # Waits for its time: `send_at`, the end of quiet hours, or the digest.
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    # A consumer has it in hand; what stays here died between sending and recording.
    SENDING = "sending"
    # The provider took it.
    SENT = "sent"
    # The provider says that it arrived.
    DELIVERED = "delivered"
    FAILED = "failed"
    # It is not sent, on purpose; the reason says why.
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    # Sent or not: nobody can know (docs/delivery.md).
    UNKNOWN = "unknown"


class Step(EmbeddedDocument):
    """One line of a delivery's story."""

    status = StringField(required=True)
    at = DateTimeField(required=True)
    reason = StringField()


class Delivery(EmbeddedDocument):
    """A notification's way through one channel; `steps` is its story, oldest first."""

    status = StringField(required=True, choices=[each.value for each in DeliveryStatus])
    reason = StringField()
    due_at = DateTimeField()
    claimed_at = DateTimeField()
    # The claim's own name, by which its holder knows it again.
    claim = StringField()
    attempts = IntField(default=0)
    provider = StringField()
    provider_message_id = StringField()
    steps = EmbeddedDocumentListField(Step)


# What is being sent just now, by channel: each index has that alone, so it stays small.
CLAIMS: Final = tuple(
    {
        "fields": [f"deliveries.{channel.value}.claimed_at"],
        "partialFilterExpression": {
            f"deliveries.{channel.value}.status": DeliveryStatus.SENDING.value
        },
        "name": f"claims_{channel.value}",
    }
    for channel in Channel
)


class Notification(OutboxDocument):
    """One thing told to one person: in the inbox, and through other channels.

    `dedupe_key` makes sure that an event tells a person once. The inbox's words are kept as
    they were; the other channels render template, version and variables when they send.
    """

    id = StringField(primary_key=True, default=new_id)
    user_id = StringField(required=True)
    kind = StringField(required=True)
    # Which of the person's preferences speaks for it: orders, promotions, tasks...
    category = StringField(required=True, default="account")
    template_code = StringField()
    template_version = IntField()
    language = StringField()
    variables = DictField()
    # Empty where it is not meant for the inbox.
    title = StringField()
    body = StringField()
    # Transactional notices always reach the inbox, and never wait for a digest.
    transactional = BooleanField(required=True, default=False)
    # It brings a code to an address: it goes at once, also to an address that is not verified
    # yet, and its variables are dropped when it is over.
    carries_code = BooleanField(required=True, default=False)
    # What the sender wants to keep with it; a phone number or a URL of other channels.
    metadata = DictField()
    subject_id = StringField(required=True)
    dedupe_key = StringField(required=True, unique=True)
    event_id = StringField(required=True)
    correlation_id = StringField()
    campaign_id = StringField()
    priority = StringField(required=True, default=Priority.NORMAL.value)
    # False where it is told by other channels alone.
    in_inbox = BooleanField(required=True, default=True)
    created_at = DateTimeField(required=True, default=now)
    read_at = DateTimeField()
    archived_at = DateTimeField()
    # MongoDB removes it then.
    expires_at = DateTimeField()
    deliveries = MapField(EmbeddedDocumentField(Delivery))
    # The earliest `due_at` of what is scheduled; what releases it looks here.
    next_due_at = DateTimeField()
    # When its mail goes into the person's digest, and into which one it went.
    digest_due_at = DateTimeField()
    digest_key = StringField()

    meta = {  # noqa: RUF012
        "db_alias": "notifications",
        "collection": "notifications",
        "indexes": [
            ("user_id", "-id"),
            ("user_id", "read_at"),
            {"fields": ["next_due_at"], "sparse": True},
            {"fields": ["digest_due_at"], "sparse": True},
            {"fields": ["campaign_id"], "sparse": True},
            *CLAIMS,
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
    }


class Crowd(OutboxDocument):
    """An event that many are told of, chunk by chunk; its id is the event's.

    People are walked in order of their ids: who is at or before `cursor` was told.
    """

    id = StringField(primary_key=True)
    type = StringField(required=True)
    body = StringField(required=True)
    cursor = StringField()
    finished_at = DateTimeField()
    expires_at = DateTimeField(required=True)

    meta = {  # noqa: RUF012
        "db_alias": "notifications",
        "collection": "crowds",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }


class SendRequest(Document):
    """A request to send; its id stands for the caller and the request's own id."""

    id = StringField(primary_key=True)
    content_digest = StringField(required=True)
    sender_id = StringField(required=True)
    # None until it was stored.
    notification_id = StringField()
    created_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)

    meta = {  # noqa: RUF012
        "db_alias": "notifications",
        "collection": "send_requests",
        "indexes": [
            {"fields": ["notification_id"], "sparse": True},
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
    }
