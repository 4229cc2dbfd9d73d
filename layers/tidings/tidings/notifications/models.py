"""Documents of the notifications database, except notifications (`delivery.models`)."""

from mongoengine import DateTimeField, StringField

from tidings.platform.messaging.outbox import OutboxDocument
from tidings.platform.retention import stored as retention
from tidings.platform.storage.documents import StoredDocument


class FollowedEvent(OutboxDocument):
    """An event that is sent to many people, chunk by chunk; its id is the event's.

    People are processed in order of their ids: all up to `cursor` are done.
    """

    id = StringField(primary_key=True)
    type = StringField(required=True)
    # The people it tells: those who wait for the product, or its followers if this is missing.
    audience = StringField()
    body = StringField(required=True)
    cursor = StringField()
    finished_at = DateTimeField()
    expires_at = DateTimeField(required=True)

    meta = {  # noqa: RUF012
        "db_alias": "notifications",
        "collection": "crowds",
        "indexes": [retention.FOLLOWED_EVENTS.index()],
    }


class SendRequest(StoredDocument):
    """A request to send; its id is a hash of the caller and the caller's request id."""

    id = StringField(primary_key=True)
    content_digest = StringField(required=True)
    sender_id = StringField(required=True)
    # None until the notification is stored.
    notification_id = StringField()
    created_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)

    meta = {  # noqa: RUF012
        "db_alias": "notifications",
        "collection": "send_requests",
        "indexes": [
            {"fields": ["notification_id"], "sparse": True},
            retention.SEND_REQUESTS.index(),
        ],
    }
