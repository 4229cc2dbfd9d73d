"""Documents of the delivery's database. None holds an address, a phone number or a token."""

from typing import Final

from mongoengine import (
    DateTimeField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    StringField,
)

from tidings.platform.clock import now
from tidings.platform.outbox import OutboxDocument

DAY_SECONDS: Final = 24 * 3600


class SuppressionAct(EmbeddedDocument):
    """What an operator did with a suppression."""

    act = StringField(required=True)
    by = StringField(required=True)
    at = DateTimeField(required=True)
    reason = StringField(required=True)


class Suppression(Document):
    """An address that gets no more mail; its id is a keyed hash of the address.

    One that was lifted holds no longer, and is kept for a while with who did it.
    """

    id = StringField(primary_key=True)
    channel = StringField(required=True, default="email")
    reason = StringField(required=True)
    created_at = DateTimeField(required=True, default=now)
    lifted_at = DateTimeField()
    acts = EmbeddedDocumentListField(SuppressionAct)

    meta = {  # noqa: RUF012
        "db_alias": "delivery",
        "collection": "suppressions",
        "indexes": [
            ("-created_at", "-id"),
            {"fields": ["lifted_at"], "expireAfterSeconds": 30 * DAY_SECONDS},
        ],
    }


class PushEndpoint(Document):
    """SNS's name of a device; its id is a keyed hash of the application and the token."""

    id = StringField(primary_key=True)
    arn = StringField(required=True)
    # Whose device it was when it was last used: who goes takes it along.
    user_id = StringField()
    created_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "delivery",
        "collection": "push_endpoints",
        "indexes": [
            {"fields": ["user_id"], "sparse": True},
            # SNS gives the same name again to who asks again.
            {"fields": ["created_at"], "expireAfterSeconds": 90 * DAY_SECONDS},
        ],
    }


class Feedback(OutboxDocument):
    """What a provider said about a message; its id is the message's and what was said."""

    id = StringField(primary_key=True)
    kind = StringField(required=True)
    notification_id = StringField()
    created_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "delivery",
        "collection": "feedback",
        # Providers repeat themselves within hours.
        "indexes": [{"fields": ["created_at"], "expireAfterSeconds": 30 * DAY_SECONDS}],
    }


class Unsubscription(Document):
    """That a person used the link in a mail; its id is the mail's notification."""

    id = StringField(primary_key=True)
    user_id = StringField(required=True)
    category = StringField(required=True)
    created_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "delivery",
        "collection": "unsubscriptions",
        "indexes": ["user_id"],
    }
