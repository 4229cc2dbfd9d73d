"""Documents of the users' database."""

from typing import get_args

from mongoengine import DateTimeField, DictField, Document, StringField

from tidings.platform.auth import PersonRole
from tidings.platform.clock import new_id, now
from tidings.platform.outbox import OutboxDocument


class User(OutboxDocument):
    """An account. The e-mail address is kept normalised, and is unique."""

    id = StringField(primary_key=True, default=new_id)
    email = StringField(required=True, unique=True)
    name = StringField(required=True)
    password_hash = StringField(required=True)
    role = StringField(required=True, choices=[role.value for role in get_args(PersonRole)])
    # Only what the person chose; `Preferences` has the defaults.
    preferences = DictField()
    # Contact points; the webhook's secret is made of its id, and changes with it.
    phone = StringField()
    webhook_url = StringField()
    webhook_id = StringField()
    verified_at = DateTimeField()
    # The account was deleted; what is left is anonymous.
    deleted_at = DateTimeField()
    created_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "users",
        "collection": "users",
        "indexes": [("role", "-id")],
    }

    @property
    def email_verified(self) -> bool:
        return self.verified_at is not None


class PushToken(Document):
    """An app on a device that takes push messages; `token_hash` makes it one person's."""

    id = StringField(primary_key=True, default=new_id)
    user_id = StringField(required=True)
    platform = StringField(required=True)
    token = StringField(required=True)
    token_hash = StringField(required=True, unique=True)
    device = StringField()
    created_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "users",
        "collection": "push_tokens",
        "indexes": [("user_id", "-id")],
    }


class Service(Document):
    """A machine that calls with a secret of its own; the secret is kept as a hash."""

    id = StringField(primary_key=True, default=new_id)
    name = StringField(required=True)
    secret_hash = StringField(required=True)
    created_at = DateTimeField(required=True, default=now)
    last_used_at = DateTimeField()
    revoked_at = DateTimeField()

    meta = {"db_alias": "users", "collection": "services"}  # noqa: RUF012
