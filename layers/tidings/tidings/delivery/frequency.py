"""Count what a person gets, against the limits of `frequency_rules`; MongoDB counts, as for claims.

A document for each person and limit lists the notifications of the period. A message takes its
place right before it is claimed, by one conditional write, and keeps it however often it is tried.
A message that fails gives its place back.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from mongoengine import DateTimeField, EmbeddedDocumentListField, StringField
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, PyMongoError

from tidings.delivery import states
from tidings.delivery.attempts import Attempt
from tidings.delivery.frequency_rules import AppliedCap, Kind, cap_of
from tidings.delivery.models import Channel, Notification
from tidings.platform.logging import logger
from tidings.platform.retention import stored as retention
from tidings.platform.storage import database
from tidings.platform.storage.documents import StoredDocument, StoredPart

# Two processes may create a person's document at the same moment; one of them writes again.
DUPLICATE: Final = 11_000
TRIES: Final = 3


class Taken(StoredPart):
    """The place of a notification among those of a period."""

    id = StringField(required=True)
    at = DateTimeField(required=True)


class Frequency(StoredDocument):
    """What a person got lately of the messages that one limit is for."""

    id = StringField(primary_key=True)
    user_id = StringField(required=True)
    # A kind or a category.
    what = StringField(required=True)
    channel = StringField(required=True)
    taken = EmbeddedDocumentListField(Taken)
    expires_at = DateTimeField(required=True)

    meta = {  # noqa: RUF012
        "db_alias": "delivery",
        "collection": "frequencies",
        "indexes": ["user_id", retention.FREQUENCIES.index()],
    }


class _Counted(NamedTuple):
    """A notification, and the limit that it counts for."""

    notification: Notification
    cap: AppliedCap

    @property
    def place(self) -> str:
        return f"{self.notification.user_id}:{self.cap.channel.value}:{self.cap.what}"


def admit(attempts: Iterable[Attempt], at: datetime) -> None:
    """Count the messages of attempts; take the message from those beyond a limit.

    Those are suppressed. All of them take two round trips; messages without a limit take none. If
    MongoDB does not answer, nothing is sent and the commands come again.
    """
    found = ((each, _counted(each.notification, each.channel)) for each in attempts)
    limited = [(each, counted) for each, counted in found if each.message and counted]
    if not limited:
        return
    _take([counted for _, counted in limited], at)
    places = {"_id": {"$in": [counted.place for _, counted in limited]}}
    read = Frequency._get_collection().find(places, ["taken.id"])
    taken = {(each["_id"], one["id"]) for each in read for one in each.get("taken", ())}
    for attempt, counted in limited:
        if (counted.place, attempt.notification.id) not in taken:
            attempt.suppress(counted.cap.reason, at)


def give_back(attempts: Iterable[Attempt]) -> None:
    """Free the places of messages that failed, so that they count for nothing.

    A failure is logged and not raised: then the place is free at the end of the period.
    """
    failed = [
        counted
        for each in attempts
        if each.change is not None and each.change.transition is states.FAIL
        if (counted := _counted(each.notification, each.channel))
    ]
    if not failed:
        return
    writes = [
        UpdateOne({"_id": each.place}, {"$pull": {"taken": {"id": each.notification.id}}})
        for each in failed
    ]
    try:
        with database.writing_many(len(writes)):
            Frequency._get_collection().bulk_write(writes, ordered=False)
    except PyMongoError as error:
        logger.warning("places of failed messages not freed", reason=type(error).__name__)


def reason_to_stop(notification: Notification, channel: Channel, at: datetime) -> str | None:
    """Return the reason why a message would not be sent now, or None; nothing is counted."""
    counted = _counted(notification, channel)
    if counted is None:
        return None
    found = Frequency.objects(pk=counted.place).first()
    others = _current(found, counted.cap, at, without=notification.id) if found else 0
    return counted.cap.reason if others >= counted.cap.cap.most else None


def reached_by(
    user_id: str, messages: Sequence[Kind], at: datetime
) -> dict[tuple[str, Channel], str]:
    """Return the limits that a person has reached, for the categories of these messages.

    Returns:
        The reasons by category and channel.
    """
    found = {(each.what, each.channel): each for each in Frequency.objects(user_id=user_id)}
    caps = [
        (message, cap)
        for message in messages
        for channel in Channel
        if (cap := cap_of(message, channel))
    ]
    return {
        (message.category, cap.channel): cap.reason
        for message, cap in caps
        if (stored := found.get((cap.what, cap.channel.value)))
        and _current(stored, cap, at) >= cap.cap.most
    }


def forget(user_id: str) -> None:
    """Delete what a person's limits counted."""
    Frequency.objects(user_id=user_id).delete()


def _counted(notification: Notification, channel: Channel) -> _Counted | None:
    cap = cap_of(notification, channel)
    return _Counted(notification, cap) if cap else None


def _current(
    stored: Frequency, cap: AppliedCap, at: datetime, *, without: str | None = None
) -> int:
    begin = at - cap.cap.period
    return sum(each.at > begin and each.id != without for each in stored.taken)


def _take(limited: Sequence[_Counted], at: datetime) -> None:
    """Give each message a place, if it has none and one is free. Safe to repeat."""
    writes = [write for each in limited for write in _writes(each, at)]
    for tries_left in reversed(range(TRIES)):
        try:
            with database.writing_many(len(writes)):
                Frequency._get_collection().bulk_write(writes, ordered=True)
        except BulkWriteError as error:
            if not tries_left or any(e["code"] != DUPLICATE for e in error.details["writeErrors"]):
                raise
        else:
            return


def _writes(counted: _Counted, at: datetime) -> tuple[UpdateOne, UpdateOne]:
    """Return the write that removes what is over, and the one that takes a place."""
    period, notification = counted.cap.cap.period, counted.notification
    about = {
        "user_id": notification.user_id,
        "what": counted.cap.what,
        "channel": counted.cap.channel.value,
    }
    make_room: dict[str, Any] = {
        "$pull": {"taken": {"at": {"$lte": at - period}}},
        "$max": {"expires_at": at + period},
        "$setOnInsert": about,
    }
    free = {
        "_id": counted.place,
        "taken.id": {"$ne": notification.id},
        f"taken.{counted.cap.cap.most - 1}": {"$exists": False},
    }
    entry = {"id": notification.id, "at": at}
    return (
        UpdateOne({"_id": counted.place}, make_room, upsert=True),
        UpdateOne(free, {"$push": {"taken": entry}}),
    )
