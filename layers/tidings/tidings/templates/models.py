"""Documents of the templates database."""

from mongoengine import DateTimeField, IntField, StringField

from tidings.platform.storage.documents import StoredDocument
from tidings.platform.timing.clock import now


class TemplateVersion(StoredDocument):
    """One version of a template; it never changes.

    Its id contains code and version, so of two changes of one version only one is stored. Version 1
    of a built-in template is a file (defaults/), not a document.
    """

    id = StringField(primary_key=True)
    code = StringField(required=True)
    version = IntField(required=True)
    # TemplateContent as JSON, because its keys may be any text, but BSON's may not.
    content = StringField(required=True)
    restored_from = IntField()
    changed_by = StringField(required=True)
    changed_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "templates",
        "collection": "versions",
        "indexes": [("code", "-version")],
    }


def id_of(code: str, version: int) -> str:
    return f"{code}:{version}"
