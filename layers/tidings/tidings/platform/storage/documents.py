"""The bases of all stored documents.

They ignore unknown fields. During a deployment, and after a return to an older release, functions
read documents of a newer one, which may have more fields; mongoengine would refuse these documents.
"""

from typing import Any, ClassVar

from mongoengine import Document, EmbeddedDocument


class StoredDocument(Document):
    """A document of a collection."""

    meta: ClassVar[Any] = {"abstract": True, "strict": False}


class StoredPart(EmbeddedDocument):
    """A part of a document."""

    meta: ClassVar[Any] = {"abstract": True, "strict": False}
