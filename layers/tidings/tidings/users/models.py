"""Documents of the users database."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from mongoengine import DateTimeField, DictField, IntField, ListField, StringField

from tidings.platform.messaging.outbox import OutboxDocument
from tidings.platform.retention import stored as retention
from tidings.platform.security.auth import PersonRole
from tidings.platform.storage.documents import StoredDocument
from tidings.platform.timing.clock import new_id, now
from tidings.users.service_kinds import ServiceKind


class User(OutboxDocument):
    """An account. The e-mail address is normalized and unique."""

    id = StringField(primary_key=True, default=new_id)
    email = StringField(required=True, unique=True)
    name = StringField(required=True)
    # The name in search form; accounts of earlier versions have none.
    name_key = StringField()
    password_hash = StringField(required=True)
    # Increases with each change that ends sessions: password, role, deletion (credentials.py).
    security_version = IntField(default=0)
    role = StringField(required=True, choices=[role.value for role in get_args(PersonRole)])
    # Only the person's choices; `Preferences` has the defaults.
    preferences = DictField()
    # Contact points. The webhook's secret is derived from its id.
    phone = StringField()
    # Until this is set, the number gets only its code. A changed number must be verified again.
    phone_verified_at = DateTimeField()
    # The last request for a code for the current number.
    phone_check = StringField()
    webhook_url = StringField()
    webhook_id = StringField()
    verified_at = DateTimeField()
    # The account was deleted; the remaining data is anonymous.
    deleted_at = DateTimeField()
    created_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "users",
        "collection": "users",
        "indexes": [("role", "-id"), {"fields": ["phone"], "sparse": True}],
    }

    @property
    def email_verified(self) -> bool:
        return self.verified_at is not None

    @property
    def phone_verified(self) -> bool:
        return self.phone is not None and self.phone_verified_at is not None


# The part of an update that removes a person's contact points.
NO_CONTACT_POINTS: Final[Mapping[str, Any]] = {
    f"unset__{name}": True
    for name in ("phone", "phone_verified_at", "phone_check", "webhook_url", "webhook_id")
}


class CodeRequest(OutboxDocument):
    """A bucket of events with codes, for accounts and decoys (decoys.py)."""

    id = StringField(primary_key=True)

    meta = {"db_alias": "users", "collection": "code_requests"}  # noqa: RUF012


class Guest(OutboxDocument):
    """A person without an account who gave an address, to be told of something.

    A guest cannot sign in. It has no link to an account with the same address.
    """

    id = StringField(primary_key=True, default=new_id)
    email = StringField(required=True, unique=True)
    language = StringField(required=True, default="en")
    # When the owner of the address confirmed it. Until then it gets nothing but the question.
    verified_at = DateTimeField()
    created_at = DateTimeField(required=True, default=now)
    expires_at = DateTimeField(required=True)

    meta = {  # noqa: RUF012
        "db_alias": "users",
        "collection": "guests",
        "indexes": [retention.GUESTS.index()],
    }


class PushToken(StoredDocument):
    """A device that receives push messages; the unique `token_hash` gives it one owner."""

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


class Service(StoredDocument):
    """A program that calls the API with its own secret, which is stored as a hash."""

    id = StringField(primary_key=True, default=new_id)
    name = StringField(required=True)
    # A service of earlier versions has no kind, which means live.
    kind = StringField(required=True, default=ServiceKind.LIVE.value)
    # The accounts that a service of the kind `team` may send to.
    team = ListField(StringField())
    # Where the statuses of its messages go. The signing key is derived from the id.
    callback_url = StringField()
    callback_id = StringField()
    secret_hash = StringField(required=True)
    created_at = DateTimeField(required=True, default=now)
    last_used_at = DateTimeField()
    revoked_at = DateTimeField()

    meta = {  # noqa: RUF012
        "db_alias": "users",
        "collection": "services",
        "indexes": [{"fields": ["team"], "sparse": True}],
    }
