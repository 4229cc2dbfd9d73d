"""The outbox: events are stored in the same atomic write as the change that caused them.

They are published right after it (`relay.publish_stored`) and then removed. The scheduled relay
publishes those that a crash left.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Self, TypeVar

from mongoengine import (
    DateTimeField,
    EmbeddedDocumentListField,
    NotUniqueError,
    QuerySet,
    StringField,
)
from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from tidings.platform.messaging.events import Event
from tidings.platform.storage import database
from tidings.platform.storage.documents import StoredDocument, StoredPart
from tidings.platform.storage.rows import Row
from tidings.platform.storage.united import COUNTED_UP_TO

# An invocation publishes the events of this many documents itself. The relay publishes the rest of
# a bulk write, so that a request does not wait for twenty thousand confirms.
MAX_NOTED: Final = 1_000
DUPLICATE_KEY: Final = 11000
# Earlier than any event, so an index range from here finds every document with events.
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class OutboxEntry(StoredPart):
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
        return cls(**stored_entry(event))


def stored_entry(event: Event) -> dict[str, Any]:
    """Return the entry of an event in its stored form."""
    entry = {
        "event_id": event.id,
        "type": event.type,
        "exchange": event.EXCHANGE,
        "routing_key": event.routing_key,
        "time": event.time,
        "correlation_id": event.correlationid,
        "body": event.model_dump_json(exclude_none=True),
    }
    return {name: value for name, value in entry.items() if value is not None}


class OutboxDocument(StoredDocument):
    """A document that stores the events of its own changes."""

    outbox = EmbeddedDocumentListField(OutboxEntry)

    # The relay searches documents with an entry older than some seconds. The index is sparse, so it
    # holds only waiting events and is almost empty. The embedded MongoDB scans a whole index for a
    # range: without `sparse`, all documents every minute.
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
        """Return a copy with only the entries of these events."""
        return self._replace(entries=[each for each in self.entries if each.event_id in event_ids])


class Planned(NamedTuple):
    """A change of one document, made if the conditions hold, and the event of the change."""

    document_id: str
    conditions: Mapping[str, Any]
    update: Mapping[str, Any]
    event: Event


AnyDocument = TypeVar("AnyDocument", bound=OutboxDocument)

_stored: ContextVar[list[Stored] | None] = ContextVar("stored", default=None)


def insert(
    document: AnyDocument, *events: Event, beside: Callable[[ClientSession], None] | None = None
) -> AnyDocument:
    """Insert a new document with its events.

    Args:
        beside: makes the changes of other documents that belong to it, before it is inserted and
            in the same transaction. If it raises an error, nothing is stored.

    Raises:
        mongoengine.NotUniqueError: a unique index refused the document; nothing is stored.
        mongoengine.ValidationError: a field has a wrong value.
    """
    document.outbox = [OutboxEntry.of(event) for event in events]
    document.validate()
    try:
        _insert(document, beside)
    except DuplicateKeyError as error:
        if not _stored_before(type(document), [document]):
            raise NotUniqueError(f"a unique index refused {type(document).__name__}") from error
    note_stored(document)
    return document


def _insert(document: OutboxDocument, beside: Callable[[ClientSession], None] | None) -> None:
    # Half the CPU time of `document.save`, which prepares for further changes.
    collection, stored = document._get_collection(), document.to_mongo()
    if beside is None:
        collection.insert_one(stored)
        return

    def work(session: ClientSession) -> None:
        beside(session)
        collection.insert_one(stored, session=session)

    with database.for_a_request():
        database.in_transaction(work)


def insert_many(
    document_class: type[AnyDocument], announced: Sequence[tuple[AnyDocument, Event]]
) -> list[AnyDocument]:
    """Insert new documents, each with its event, in one round trip.

    Returns:
        The documents that a unique index refused; all others are stored.
    """
    for document, event in announced:
        document.outbox = [OutboxEntry.of(event)]
    return insert_all(document_class, [document for document, _ in announced])


def insert_all(
    document_class: type[AnyDocument], documents: Sequence[AnyDocument]
) -> list[AnyDocument]:
    """Insert new documents with the events in their outboxes, in one round trip.

    Args:
        documents: documents, or rows in their stored form.

    Returns:
        The documents that a unique index refused; all others are stored.
    """
    refused = _insert_all(document_class, documents)
    refused -= _stored_before(document_class, documents, refused)
    for index, document in enumerate(documents):
        if index not in refused and document.outbox:
            note(Stored(document_class, document.pk, list(document.outbox)))
    return [documents[index] for index in sorted(refused)]


def _stored_before(
    document_class: type[OutboxDocument],
    documents: Sequence[OutboxDocument],
    refused: Iterable[int] = (0,),
) -> set[int]:
    """Return the positions of refused documents that are already stored with the same event.

    The driver repeats a write if its answer was lost. If MongoDB was killed in between, it may have
    stored the first write without remembering it, and refuse the second.
    """
    own = {documents[each].pk: each for each in refused if documents[each].outbox}
    if not own:
        return set()
    found = document_class.objects(pk__in=list(own)).only("outbox").batch_size(len(own) + 1)
    # The same event has the same body, because the body contains the event's id and time.
    there = {each.pk: {entry.body for entry in each.outbox} for each in found}
    return {
        place for pk, place in own.items() if documents[place].outbox[0].body in there.get(pk, ())
    }


def _insert_all(document_class: type[AnyDocument], documents: Sequence[AnyDocument]) -> set[int]:
    """Insert all documents; return the positions of those that a unique index refused."""
    if not documents:
        return set()
    try:
        with database.writing_many(len(documents)):
            document_class._get_collection().insert_many(
                [_stored_form(each) for each in documents], ordered=False
            )
    except BulkWriteError as error:
        failures = error.details["writeErrors"]
        if any(each["code"] != DUPLICATE_KEY for each in failures):
            raise
        return {each["index"] for each in failures}
    return set()


def _stored_form(document: OutboxDocument | Row) -> Mapping[str, Any]:
    if isinstance(document, Row):
        return document.stored_form
    stored: Mapping[str, Any] = document.to_mongo()
    return stored


def change(found: "QuerySet[AnyDocument]", *events: Event, **update: Any) -> AnyDocument | None:
    """Change the one document that matches `found` and add the events, atomically.

    Returns:
        The changed document, or None if nothing matched and nothing was stored.
    """
    entries = [OutboxEntry.of(event) for event in events]
    document: AnyDocument | None = found.modify(new=True, push_all__outbox=entries, **update)
    if document is not None:
        note_stored(document)
    return document


def change_many(document_class: type[OutboxDocument], planned: Sequence[Planned]) -> list[Planned]:
    """Change documents in one round trip, each atomically with its event.

    Returns:
        The changes that were not made, or whose event is no longer in the outbox; a repetition of
        each must have no second effect.
    """
    entries = [OutboxEntry.of(each.event) for each in planned]
    if not planned:
        return []
    updates = [
        UpdateOne({"_id": each.document_id, **each.conditions}, _with_entry(each.update, entry))
        for each, entry in zip(planned, entries, strict=True)
    ]
    with database.writing_many(len(updates)):
        result = document_class._get_collection().bulk_write(updates, ordered=False)
    made = {entry.event_id for entry in entries}
    if result.modified_count < len(planned):
        made = _waiting_ids(document_class, [each.document_id for each in planned])
    for each, entry in zip(planned, entries, strict=True):
        if entry.event_id in made:
            note(Stored(document_class, each.document_id, [entry]))
    return [each for each in planned if each.event.id not in made]


def _with_entry(update: Mapping[str, Any], entry: OutboxEntry) -> dict[str, Any]:
    return {**update, "$push": {**update.get("$push", {}), "outbox": entry.to_mongo()}}


def _waiting_ids(document_class: type[OutboxDocument], ids: Sequence[str]) -> set[str]:
    """Return the ids of all events that wait in these documents."""
    found = document_class._get_collection().find({"_id": {"$in": list(ids)}}, ["outbox.event_id"])
    return {entry["event_id"] for each in found for entry in each.get("outbox", ())}


def change_last(found: "QuerySet[AnyDocument]", event: Event, **update: Any) -> AnyDocument | None:
    """Like `change`, but replace all waiting events with this one: they are never published."""
    last = [OutboxEntry.of(event)]
    document: AnyDocument | None = found.modify(new=True, set__outbox=last, **update)
    if document is not None:
        note_stored(document)
    return document


def note_stored(document: OutboxDocument) -> None:
    """Remember this document's events for publishing at the end of the invocation.

    After `MAX_NOTED` documents, events are left to the relay.
    """
    note(Stored(type(document), document.pk, list(document.outbox)))


def note(stored: Stored) -> None:
    """Remember these events for publishing, as `note_stored` does with a document's."""
    noted = _stored.get()
    if noted is None:
        noted = []
        _stored.set(noted)
    if len(noted) < MAX_NOTED:
        noted.append(stored)


def begin_noting() -> None:
    """Start with an empty list of noted documents.

    Tasks of an event loop run in copies of this context, so from here on they share this list.
    """
    _stored.set([])


def has_stored() -> bool:
    """Say whether `take_stored` would return a document."""
    return bool(_stored.get())


def take_stored() -> list[Stored]:
    """Return the documents noted since the last call, and clear the list."""
    noted = _stored.get() or []
    _stored.set(None)
    return noted


def find_left_behind(
    document_class: type[OutboxDocument], *, before: datetime, beyond: datetime, limit: int
) -> list[Stored]:
    """Return documents with an event older than `before` or later than `beyond`.

    It returns at most `limit` documents of each kind.
    """
    # Two queries, so that each uses one range of the index.
    documents = [
        *document_class.objects(outbox__time__lt=before).only("outbox").limit(limit),
        *document_class.objects(outbox__time__gt=beyond).only("outbox").limit(limit),
    ]
    return [Stored(document_class, each.pk, list(each.outbox)) for each in documents]


def backlog(document_class: type[OutboxDocument]) -> tuple[int, datetime | None]:
    """Return the number of documents with waiting events, and the time of the oldest event.

    The number is at most `COUNTED_UP_TO`.
    """
    waiting = document_class.objects(outbox__time__gt=BEGINNING)
    # The index returns the oldest event first. An order would be that of an array, for which
    # MongoDB reads and sorts all waiting documents.
    oldest = waiting.only("outbox").first()
    if oldest is None:
        return 0, None
    number = waiting.limit(COUNTED_UP_TO).count(with_limit_and_skip=True)
    return int(number), min(each.time for each in oldest.outbox)


def clear(published: list[Stored]) -> None:
    """Remove published events from their documents, in one update per collection.

    The driver does not repeat an update of many documents. If it fails, the relay publishes the
    events again, and consumers skip them.
    """
    by_class: dict[type[OutboxDocument], dict[str, list[str]]] = {}
    for document_class, document_id, entries in published:
        if entries:
            of_document = by_class.setdefault(document_class, {}).setdefault(document_id, [])
            of_document += [entry.event_id for entry in entries]
    for document_class, events in by_class.items():
        of_all = [event_id for each in events.values() for event_id in each]
        update = {"$pull": {"outbox": {"event_id": {"$in": of_all}}}}
        collection = document_class._get_collection()
        with database.writing_many(len(events)):
            if len(events) == 1:
                collection.update_one({"_id": next(iter(events))}, update)
            else:
                collection.update_many({"_id": {"$in": list(events)}}, update)
