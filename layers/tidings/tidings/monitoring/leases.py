"""Leases for work that only one process at a time may do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from mongoengine import DateTimeField, StringField
from pymongo.errors import DuplicateKeyError

from tidings.platform.storage.documents import StoredDocument
from tidings.platform.timing.clock import new_event_id, now


class Lease(StoredDocument):
    """The holder of a piece of work, and the time until which others are excluded."""

    id = StringField(primary_key=True)
    holder = StringField()
    until = DateTimeField()

    meta = {"db_alias": "operations", "collection": "leases"}  # noqa: RUF012


@dataclass(frozen=True)
class HeldLease:
    """A lease of this process."""

    name: str
    holder: str
    length: timedelta

    def renew(self) -> bool:
        """Keep the lease for its whole length from now on; say whether it was still ours."""
        ours = {"_id": self.name, "holder": self.holder}
        until = now() + self.length
        found = Lease._get_collection().update_one(ours, {"$set": {"until": until}})
        return bool(found.matched_count)


@contextmanager
def lease(name: str, seconds: float, at: datetime | None = None) -> Iterator[HeldLease | None]:
    """Yield the lease, or None if another process holds it.

    If the holder dies, the lease ends after `seconds`, even if the holder's clock was ahead. Work
    that takes longer renews it.
    """
    at, holder = at or now(), new_event_id()
    length = timedelta(seconds=seconds)
    leases = Lease._get_collection()
    try:
        leases.update_one(
            {"_id": name, "$or": [{"until": {"$lte": at}}, {"until": {"$gt": at + 2 * length}}]},
            {"$set": {"holder": holder, "until": at + length}},
            upsert=True,
        )
        held: HeldLease | None = HeldLease(name, holder, length)
    except DuplicateKeyError:
        held = None
    try:
        yield held
    finally:
        if held:
            leases.delete_one({"_id": name, "holder": holder})
