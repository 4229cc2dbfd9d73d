"""Documents of the operations database."""

from enum import StrEnum

from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    StringField,
)

from tidings.platform.retention import stored as retention
from tidings.platform.storage.documents import StoredDocument, StoredPart


class FailedState(StrEnum):
    """The state of a failed message."""

    # It waits until an operator redrives or discards it.
    FAILED = "failed"
    # It will be published to its queue at `redrive_at`; after a crash it is published again.
    REDRIVING = "redriving"
    # It was published to its queue; if it fails again, it becomes `failed` again.
    REDRIVEN = "redriven"
    DISCARDED = "discarded"


class FailedAttempt(StoredPart):
    """One failed attempt, or the mark of a redrive."""

    function = StringField()
    error = StringField()
    at = StringField()


class OperatorAct(StoredPart):
    """An operator's action on a message."""

    act = StringField(required=True)
    by = StringField(required=True)
    at = DateTimeField(required=True)
    reason = StringField()


class FailedMessage(StoredDocument):
    """A message that a consumer could not handle; its id is a hash of message and queue."""

    id = StringField(primary_key=True)
    message_id = StringField()
    # The exchange and the routing key for a redrive. With an empty exchange the key is the name of
    # a queue.
    exchange = StringField()
    queue = StringField(required=True)
    type = StringField()
    correlation_id = StringField()
    content_type = StringField()
    body = BinaryField()
    # The ids in the body. Erasing a person finds the message by them.
    mentions = ListField(StringField())
    # It contained a one-time code, which is voided and removed.
    code_void = BooleanField()
    function = StringField()
    error = StringField()
    history = EmbeddedDocumentListField(FailedAttempt)
    state = StringField(required=True, choices=[each.value for each in FailedState])
    failed_at = DateTimeField(required=True)
    acts = EmbeddedDocumentListField(OperatorAct)
    redrive_at = DateTimeField()
    redrive_tries = IntField()
    # The process that is publishing it now.
    claim = StringField()
    # MongoDB deletes redriven and discarded messages at this time.
    expires_at = DateTimeField()

    meta = {  # noqa: RUF012
        "db_alias": "operations",
        "collection": "failed_messages",
        "indexes": [
            ("-failed_at", "-id"),
            ("queue", "-failed_at", "-id"),
            {"fields": ["message_id"], "sparse": True},
            ("state", "redrive_at"),
            # Lists are latest first. The console lists one state.
            ("state", "-failed_at", "-id"),
            ("state", "queue", "-failed_at", "-id"),
            ("state", "type", "-failed_at", "-id"),
            ("type", "-failed_at", "-id"),
            "correlation_id",
            "mentions",
            retention.SETTLED_MESSAGES.index(),
        ],
    }
