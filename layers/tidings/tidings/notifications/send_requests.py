"""The send requests of many messages: each request id is claimed once, also concurrently.

A send request is stored before its notification, and gets the notification's id after it. One
without an id was interrupted; the repeated request completes it.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self

from mongoengine import NotUniqueError
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from tidings.notifications.drafting import KEPT_FOR
from tidings.notifications.models import SendRequest
from tidings.notifications.schemas import SendNotification
from tidings.platform.messaging.outbox import DUPLICATE_KEY
from tidings.platform.storage import database
from tidings.platform.storage.once import MAX_FASTER, digest_of, key_id
from tidings.platform.storage.rows import rows_of

# Stored send requests by their ids.
Known = Mapping[str, Any]


class Message(NamedTuple):
    """A message of a caller, with the id of its send request and the digest of its content."""

    wanted: SendNotification
    sender_id: str
    key: str
    content_digest: str

    @classmethod
    def of(cls, wanted: SendNotification, sender_id: str) -> Self:
        digest = digest_of(json.dumps(wanted.model_dump(mode="json"), sort_keys=True))
        return cls(wanted, sender_id, key_id(sender_id, wanted.request_id), digest)


def find(keys: Collection[str]) -> Known:
    """Return those of these send requests that are stored, with one command."""
    found = _requests().find({"_id": {"$in": list(keys)}}, batch_size=len(keys) + 1)
    return {each.id: each for each in rows_of(SendRequest, found)}


def claim(messages: Sequence[Message], at: datetime) -> Known:
    """Store the send requests of messages, with one command if no other request is as fast.

    Returns:
        Those that a concurrent request stored first.
    """
    theirs: dict[str, Any] = {}
    for _ in range(MAX_FASTER):
        refused = _insert(messages, at)
        if not refused:
            return theirs
        # If a concurrent request refuses its message, its send request is gone again.
        theirs |= find([each.key for each in refused])
        messages = [each for each in refused if each.key not in theirs]
        if not messages:
            return theirs
    raise NotUniqueError("a unique index refuses send requests that do not exist")


def complete(notification_ids: Mapping[str, str]) -> None:
    """Store the ids of notifications in their send requests, with one command."""
    updates = [
        UpdateOne({"_id": key}, {"$set": {"notification_id": notification_id}})
        for key, notification_id in notification_ids.items()
    ]
    if updates:
        with database.writing_many(len(updates)):
            _requests().bulk_write(updates, ordered=False)


def release(keys: Collection[str]) -> None:
    """Delete interrupted send requests, so that the caller may use their ids again."""
    if keys:
        _requests().delete_many({"_id": {"$in": list(keys)}, "notification_id": None})


def _insert(messages: Sequence[Message], at: datetime) -> list[Message]:
    """Insert send requests; return the messages whose send request is there already."""
    if not messages:
        return []
    try:
        with database.writing_many(len(messages)):
            _requests().insert_many([_stored(each, at) for each in messages], ordered=False)
    except BulkWriteError as error:
        failures = error.details["writeErrors"]
        if any(each["code"] != DUPLICATE_KEY for each in failures):
            raise
        return [messages[each["index"]] for each in failures]
    return []


def _stored(message: Message, at: datetime) -> dict[str, Any]:
    return {
        "_id": message.key,
        "content_digest": message.content_digest,
        "sender_id": message.sender_id,
        "created_at": at,
        # As long as the notification, because its `dedupe_key` contains this id.
        "expires_at": max(message.wanted.send_at or at, at) + KEPT_FOR,
    }


def _requests() -> Any:
    return SendRequest._get_collection()
