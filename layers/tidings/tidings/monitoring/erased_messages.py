"""Erase failed messages of people who deleted their account."""

import json
import re
from collections.abc import Sequence
from typing import Final

from pymongo import UpdateOne

from tidings.monitoring.forecasts import event_of
from tidings.monitoring.models import FailedMessage
from tidings.platform.logging import logger
from tidings.platform.messaging.dead_letters import DeadLetter
from tidings.platform.messaging.events import Malformed
from tidings.platform.storage import database
from tidings.users.queries import deleted_user_ids

# Our messages contain some dozens of ids; a malformed one may contain any number.
MAX_MENTIONS: Final = 500
ERASED: Final = "erased"
_ID: Final = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{24}(?![0-9A-Za-z])")
# These contain only the id of a person, which identifies no person after the deletion. Other users'
# orders, stock, campaigns and lists still need them.
IMPERSONAL: Final = (
    *("order.", "inventory.", "promo.", "campaign."),
    *("recommendations.refresh", "notification.deliver", "followers.tell", "user.deleted"),
    "status.report",
)


def mentions(body: bytes) -> list[str]:
    """Return the distinct ids in a message."""
    found = dict.fromkeys(each.group().decode() for each in _ID.finditer(body))
    return list(found)[:MAX_MENTIONS]


def without_erased(letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Leave out letters about deleted accounts: they came after the erasure."""
    mentioned = {each: mentions(letter.body) for each, letter in enumerate(letters)}
    everybody = {one for ids in mentioned.values() for one in ids}
    gone = deleted_user_ids(everybody) if everybody else frozenset()
    kept = []
    for each, letter in enumerate(letters):
        body = letter.body if gone.isdisjoint(mentioned[each]) else _impersonal(letter.body)
        if body is not None:
            kept.append(letter.model_copy(update={"body": body}))
    return kept


def erase_messages_of(user_id: str) -> int:
    """Delete the failed messages about a person; return their number.

    Messages that others need are kept, without the person's texts.
    """
    gone, kept = [], []
    for message in FailedMessage.objects(mentions=user_id).only("body").no_cache():
        body = _impersonal(bytes(message.body))
        if body is None:
            gone.append(message.pk)
        else:
            kept.append(UpdateOne({"_id": message.pk}, {"$set": {"body": body}}))
    erased = int(FailedMessage.objects(pk__in=gone).delete()) if gone else 0
    if kept:
        with database.writing_many(len(kept)):
            FailedMessage._get_collection().bulk_write(kept, ordered=False)
    logger.info("erasure: failed messages deleted", user_id=user_id, erased=erased, kept=len(kept))
    return erased


def _impersonal(body: bytes) -> bytes | None:
    """Return the part of a message that is kept after an erasure; None to delete it."""
    try:
        event = event_of(body)
    except Malformed:
        return None
    if not event.type.startswith(IMPERSONAL):
        return None
    # The event's model drops fields that it does not know.
    content = event.model_dump(mode="json", exclude_none=True)
    if "reason" in content["data"]:  # a customer may have written it
        content["data"]["reason"] = ERASED
    return json.dumps(content, separators=(",", ":")).encode()
