"""Documents of the operators' database."""

from enum import StrEnum

from mongoengine import (
    BinaryField,
    DateTimeField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    StringField,
)


class FailedState(StrEnum):
    """Where a failed message is on its way."""

    # It lies here until somebody redrives or discards it.
    FAILED = "failed"
    # It is to go back to its queue at `redrive_at`; a crash on the way lets it go again.
    REDRIVING = "redriving"
    # Its queue has it; if it fails again it is back here as `failed`.
    REDRIVEN = "redriven"
    DISCARDED = "discarded"


class FailedAttempt(EmbeddedDocument):
    """One failed attempt, or the mark of a redrive."""

    function = StringField()
    error = StringField()
    at = StringField()


class OperatorAct(EmbeddedDocument):
    """What an operator did with a message."""

    act = StringField(required=True)
    by = StringField(required=True)
    at = DateTimeField(required=True)
    reason = StringField()


class FailedMessage(Document):
    """A message that a consumer could not handle; its id stands for message and queue."""

    id = StringField(primary_key=True)
    message_id = StringField()
    # Where it goes when it is redriven; the exchange is empty where that is a queue.
    exchange = StringField()
    queue = StringField(required=True)
    type = StringField()
    correlation_id = StringField()
    content_type = StringField()
    body = BinaryField()
    # Ids of ours that the body has, of people among them: who is erased is found by them.
    mentions = ListField(StringField())
    function = StringField()
    error = StringField()
    history = EmbeddedDocumentListField(FailedAttempt)
    state = StringField(required=True, choices=[each.value for each in FailedState])
    failed_at = DateTimeField(required=True)
    acts = EmbeddedDocumentListField(OperatorAct)
    redrive_at = DateTimeField()
    redrive_tries = IntField()
    # Who is publishing it just now.
    claim = StringField()
    # MongoDB removes what was redriven or discarded then.
    expires_at = DateTimeField()

    meta = {  # noqa: RUF012
        "db_alias": "operations",
        "collection": "failed_messages",
        "indexes": [
            ("-failed_at", "-id"),
            ("queue", "-failed_at"),
            ("state", "redrive_at"),
            "correlation_id",
            "mentions",
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
    }
