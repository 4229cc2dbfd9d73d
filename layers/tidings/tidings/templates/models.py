"""Documents of the templates' database."""

from mongoengine import DateTimeField, Document, IntField, StringField

from tidings.platform.clock import now


class TemplateVersion(Document):
    """One version of a template; it never changes.

    Its id stands for code and version, so of two changes to one version only one gets in.
    Version 1 of what is built in is a file (defaults/), and has no document.
    """

    id = StringField(primary_key=True)
    code = StringField(required=True)
    version = IntField(required=True)
    # TemplateContent in JSON: keys inside may be any text, which BSON's may not.
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
