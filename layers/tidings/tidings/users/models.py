"""Documents of the users' database."""

from mongoengine import DateTimeField, Document, StringField

from tidings.platform.auth import Role
from tidings.platform.clock import new_id, now


class User(Document):
    """An account. The e-mail address is kept normalised, and is unique."""

    id = StringField(primary_key=True, default=new_id)
    email = StringField(required=True, unique=True)
    name = StringField(required=True)
    password_hash = StringField(required=True)
    role = StringField(required=True, choices=[role.value for role in Role])
    created_at = DateTimeField(required=True, default=now)

    meta = {"db_alias": "users", "collection": "users"}  # noqa: RUF012
