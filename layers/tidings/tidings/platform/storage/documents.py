"""The bases of all stored documents.

They ignore unknown fields. During a deployment, and after a return to an older release, functions
read documents of a newer one, which may have more fields; mongoengine would refuse these documents.
"""

from typing import Any, ClassVar, Final

from mongoengine import Document, EmbeddedDocument
from pymongo.errors import OperationFailure

# The server's codes for an index that exists with other options.
INDEX_DIFFERS: Final = frozenset({85, 86})


class StoredDocument(Document):
    """A document of a collection."""

    meta: ClassVar[Any] = {"abstract": True, "strict": False}

    @classmethod
    def ensure_indexes(cls) -> None:
        """Create the declared indexes; a TTL index of another period gets the declared one."""
        try:
            super().ensure_indexes()
        except OperationFailure as error:
            if error.code not in INDEX_DIFFERS:
                raise
            _change_periods(cls)
            super().ensure_indexes()


class StoredPart(EmbeddedDocument):
    """A part of a document."""

    meta: ClassVar[Any] = {"abstract": True, "strict": False}


def _change_periods(document_class: Any) -> None:
    """Give the TTL indexes of a collection the periods of their declaration."""
    declared = {
        tuple(spec["fields"]): spec["expireAfterSeconds"]
        for spec in document_class._meta["index_specs"]
        if "expireAfterSeconds" in spec
    }
    collection = document_class._get_collection()
    for name, index in collection.index_information().items():
        seconds = declared.get(tuple(index["key"]))
        if seconds is not None and index.get("expireAfterSeconds") != seconds:
            changed = {"name": name, "expireAfterSeconds": seconds}
            collection.database.command("collMod", collection.name, index=changed)
