"""Documents of the notifications' database."""

from mongoengine import DateTimeField, Document, StringField

from tidings.platform.clock import new_id, now


class Notification(Document):
    """One message to one person. `dedupe_key` makes sure that an event tells a person once."""

    id = StringField(primary_key=True, default=new_id)
    user_id = StringField(required=True)
    kind = StringField(required=True)
    title = StringField(required=True)
    body = StringField(required=True)
    subject_id = StringField(required=True)
    dedupe_key = StringField(required=True, unique=True)
    event_id = StringField(required=True)
    correlation_id = StringField()
    created_at = DateTimeField(required=True, default=now)
    read_at = DateTimeField()

    meta = {  # noqa: RUF012
        "db_alias": "notifications",
        "collection": "notifications",
        "indexes": [("user_id", "-id"), ("user_id", "read_at")],
    }
