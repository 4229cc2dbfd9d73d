"""The stored form of the audit trail. Only `trail` writes it, and nothing deletes from it.

MongoDB deletes an entry at its `expires_at`.
"""

from enum import StrEnum

from mongoengine import (
    DateTimeField,
    DictField,
    EmbeddedDocumentListField,
    IntField,
    StringField,
)

from tidings.platform.retention import stored as retention
from tidings.platform.storage.documents import StoredDocument, StoredPart


class AuditOutcome(StrEnum):
    """How an act ended."""

    # Its end is not recorded: it is being carried out, or its process died.
    BEGUN = "begun"
    OK = "ok"
    # The caller lacks a right, or a rule or the current state forbids it.
    REFUSED = "refused"
    FAILED = "failed"


class AuditTarget(StoredPart):
    """A target that an act concerns."""

    kind = StringField(required=True)
    id = StringField(required=True)


class AuditEntry(StoredDocument):
    """One act. It contains ids of persons, and nothing else about them."""

    # Ids sort by time, so `at` needs no index of its own (docs/decisions/0130).
    id = StringField(primary_key=True)
    at = DateTimeField(required=True)
    ended_at = DateTimeField()
    actor_id = StringField(required=True)
    # A role of `Role`, or `command` for a call with AWS credentials.
    actor_role = StringField(required=True)
    operation = StringField(required=True)
    domain = StringField(required=True)
    correlation_id = StringField()
    outcome = StringField(required=True, choices=[each.value for each in AuditOutcome])
    # The public code and the class of an error.
    code = StringField()
    error = StringField()
    targets = EmbeddedDocumentListField(AuditTarget)
    # The number of targets, of which `targets` may have only the first ones.
    number = IntField()
    before = DictField()
    after = DictField()
    expires_at = DateTimeField(required=True)

    meta = {  # noqa: RUF012 (mongoengine's form)
        "db_alias": "operations",
        "collection": "audit_trail",
        "indexes": [
            ("actor_id", "-id"),
            ("operation", "-id"),
            ("targets.id", "-id"),
            ("outcome", "-id"),
            ("correlation_id", "-id"),
            retention.AUDIT.index(),
        ],
    }
