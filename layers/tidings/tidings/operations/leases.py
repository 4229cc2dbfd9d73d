"""Work that one at a time does: who finds it taken leaves it to the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from mongoengine import DateTimeField, Document, StringField
from pymongo.errors import DuplicateKeyError

from tidings.platform.clock import new_event_id, now


class Lease(Document):
    """Who does a piece of work, and how long nobody else may."""

    id = StringField(primary_key=True)
    holder = StringField()
    until = DateTimeField()

    meta = {"db_alias": "operations", "collection": "leases"}  # noqa: RUF012


@contextmanager
def lease(name: str, seconds: float, at: datetime | None = None) -> Iterator[bool]:
    """Yield whether the work is ours; who died with it holds it for so long at most, also where
    their clock was ahead."""
    at, holder = at or now(), new_event_id()
    length = timedelta(seconds=seconds)
    leases = Lease._get_collection()
    try:
        leases.update_one(
            {"_id": name, "$or": [{"until": {"$lte": at}}, {"until": {"$gt": at + 2 * length}}]},
            {"$set": {"holder": holder, "until": at + length}},
            upsert=True,
        )
        taken = True
    except DuplicateKeyError:
        taken = False
    try:
        yield taken
    finally:
        if taken:
            leases.delete_one({"_id": name, "holder": holder})
