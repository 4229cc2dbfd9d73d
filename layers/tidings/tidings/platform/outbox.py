"""The outbox: events are stored in the same atomic write as the change that caused them.

They are published right after (`relay.publish_stored`) and then cleared; what a crash leaves
behind is published by the scheduled relay.
"""

from collections.abc import Container, Iterable, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Self, TypeVar

from mongoengine import (
    DateTimeField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    NotUniqueError,
    QuerySet,
    StringField,
)
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from tidings.platform import database
from tidings.platform.events import Event

# An invocation publishes the events of so many documents itself; those of a bulk beyond it
# are left to the relay, so that nobody waits for twenty thousand confirms.
MAX_NOTED: Final = 500
DUPLICATE_KEY: Final = 11000
# Earlier than any event: an index finds the documents that have one.
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class OutboxEntry(EmbeddedDocument):
    """One event that waits to be published."""

    event_id = StringField(required=True)
    type = StringField(required=True)
    exchange = StringField(required=True, default=Event.EXCHANGE)
    routing_key = StringField()
    time = DateTimeField(required=True)
    correlation_id = StringField()
    body = StringField(required=True)

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(
            event_id=event.id,
            type=event.type,
            exchange=event.EXCHANGE,
            routing_key=event.routing_key,
            time=event.time,
            correlation_id=event.correlationid,
            body=event.model_dump_json(exclude_none=True),
        )


class OutboxDocument(Document):
    """A document whose changes are announced."""

    outbox = EmbeddedDocumentListField(OutboxEntry)

    # The relay looks for documents with an entry older than some seconds.
    # Sparse: it holds only what waits, and is as good as empty. The embedded MongoDB walks a
    # whole index for a range: all documents, every minute.
    meta = {  # noqa: RUF012 (mongoengine's form)
        "abstract": True,
        "indexes": [{"fields": ["outbox.time"], "sparse": True, "name": "waiting_events"}],
    }


class Stored(NamedTuple):
    """A document with waiting events, oldest first."""

    document_class: type[OutboxDocument]
    document_id: str
    entries: list[OutboxEntry]

    def only(self, event_ids: Container[str]) -> "Stored":
        """Return the same with only the entries of these events."""
        return self._replace(entries=[each for each in self.entries if each.event_id in event_ids])


AnyDocument = TypeVar("AnyDocument", bound=OutboxDocument)

_stored: ContextVar[list[Stored] | None] = ContextVar("stored", default=None)


def insert(document: AnyDocument, *events: Event) -> AnyDocument:
    """Insert a new document together with its events.

    Raises:
        mongoengine.NotUniqueError: a unique index refused it; nothing is stored.
    """
    document.outbox = [OutboxEntry.of(event) for event in events]
    try:
        document.save(force_insert=True)
    except NotUniqueError:
        if not _stored_before(type(document), [document]):
            raise
    note_stored(document)
    return document


def insert_many(
    document_class: type[AnyDocument], announced: Sequence[tuple[AnyDocument, Event]]
) -> list[AnyDocument]:
    """Insert new documents, each with its event, in one round trip.

    Returns:
        Those that a unique index refused; all others are stored.
    """
    for document, event in announced:
        document.outbox = [OutboxEntry.of(event)]
    return insert_all(document_class, [document for document, _ in announced])


def insert_all(
    document_class: type[AnyDocument], documents: Sequence[AnyDocument]
) -> list[AnyDocument]:
    """Insert new documents with what is in their outboxes, in one round trip.

    Returns:
        Those that a unique index refused; all others are stored.
    """
    refused = _insert_all(document_class, documents)
    refused -= _stored_before(document_class, documents, refused)
    for index, document in enumerate(documents):
        if index not in refused and document.outbox:
            note_stored(document)
    return [documents[index] for index in sorted(refused)]


def _stored_before(
    document_class: type[OutboxDocument],
    documents: Sequence[OutboxDocument],
    refused: Iterable[int] = (0,),
) -> set[int]:
    """Return the places of those refused documents that are there with their own event.

    The driver repeats a write whose answer was lost. A MongoDB that was killed between the two
    has the first, knows nothing of it, and refuses the second.
    """
    own = {documents[each].pk: each for each in refused if documents[each].outbox}
    if not own:
        return set()
    found = document_class.objects(pk__in=list(own)).only("outbox").batch_size(len(own) + 1)
    # The same event has the same body, with the time that it was made at.
    there = {each.pk: {entry.body for entry in each.outbox} for each in found}
    return {
        place for pk, place in own.items() if documents[place].outbox[0].body in there.get(pk, ())
    }


def _insert_all(document_class: type[AnyDocument], documents: Sequence[AnyDocument]) -> set[int]:
    """Insert all that unique indexes let in; return the places of the others."""
    if not documents:
        return set()
    try:
        with database.time_for(len(documents)):
            document_class._get_collection().insert_many(
                [document.to_mongo() for document in documents], ordered=False
            )
    except BulkWriteError as error:
        failures = error.details["writeErrors"]
        if any(each["code"] != DUPLICATE_KEY for each in failures):
            raise
        return {each["index"] for each in failures}
    return set()


def change(found: "QuerySet[AnyDocument]", *events: Event, **update: Any) -> AnyDocument | None:
    """Change the one document that `found` matches and add the events, atomically.

    Returns:
        The changed document, or None where nothing matched and nothing was stored.
    """
    entries = [OutboxEntry.of(event) for event in events]
    document: AnyDocument | None = found.modify(new=True, push_all__outbox=entries, **update)
    if document is not None:
        note_stored(document)
    return document


def change_last(found: "QuerySet[AnyDocument]", event: Event, **update: Any) -> AnyDocument | None:
    """Like `change`; what waited to be published never is, only this event."""
    last = [OutboxEntry.of(event)]
    document: AnyDocument | None = found.modify(new=True, set__outbox=last, **update)
    if document is not None:
        note_stored(document)
    return document


def note_stored(document: OutboxDocument) -> None:
    """Remember that this document has events, for the publishing at the end of the invocation.

    Beyond `MAX_NOTED` they are left to the relay.
    """
    noted = _stored.get()
    if noted is None:
        noted = []
        _stored.set(noted)
    if len(noted) < MAX_NOTED:
        noted.append(Stored(type(document), document.pk, list(document.outbox)))


def begin_noting() -> None:
    """Start with nothing noted.

    From here on tasks of an event loop, which run in copies of this context, note in the
    same list.
    """
    _stored.set([])


def take_stored() -> list[Stored]:
    """Return what was noted since the last call, and forget it."""
    noted = _stored.get() or []
    _stored.set(None)
    return noted


def find_left_behind(
    document_class: type[OutboxDocument], *, before: datetime, beyond: datetime, limit: int
) -> list[Stored]:
    """Return documents whose events were stored before the one time, or beyond the other, and
    are still there; so many of each at most."""
    # Two questions: each has its range of the index.
    documents = [
        *document_class.objects(outbox__time__lt=before).only("outbox").limit(limit),
        *document_class.objects(outbox__time__gt=beyond).only("outbox").limit(limit),
    ]
    return [Stored(document_class, each.pk, list(each.outbox)) for each in documents]


def backlog(document_class: type[OutboxDocument]) -> tuple[int, datetime | None]:
    """Return how many documents have waiting events, and the time of the oldest."""
    waiting = document_class.objects(outbox__time__gt=BEGINNING)
    oldest = waiting.only("outbox").order_by("outbox.time").first()
    if oldest is None:
        return 0, None
    return int(waiting.count()), min(each.time for each in oldest.outbox)


def clear(published: list[Stored]) -> None:
    """Remove published events from their documents, one round trip per collection."""
    by_class: dict[type[OutboxDocument], list[UpdateOne]] = {}
    for document_class, document_id, entries in published:
        ids = [entry.event_id for entry in entries]
        if not ids:
            continue
        by_class.setdefault(document_class, []).append(
            UpdateOne({"_id": document_id}, {"$pull": {"outbox": {"event_id": {"$in": ids}}}})
        )
    for document_class, updates in by_class.items():
        with database.time_for(len(updates)):
            document_class._get_collection().bulk_write(updates, ordered=False)
