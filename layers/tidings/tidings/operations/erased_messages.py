"""Failed messages of people who deleted their account."""

import json
import re
from collections.abc import Sequence
from typing import Final

from pymongo import UpdateOne

from tidings.operations.forecasts import event_of
from tidings.operations.models import FailedMessage
from tidings.platform.dead_letters import DeadLetter
from tidings.platform.events import Malformed
from tidings.platform.logging import logger
from tidings.users.queries import deleted_user_ids

# A message of ours has some dozens; one that is malformed may have any number.
MAX_MENTIONS: Final = 500
ERASED: Final = "erased"
_ID: Final = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{24}(?![0-9A-Za-z])")
# What these say of a person is an id, which stands for nobody any more; and others' orders,
# stock, campaigns and lists wait for them.
IMPERSONAL: Final = (
    *("order.", "inventory.", "promo.", "campaign."),
    *("recommendations.refresh", "notification.deliver", "followers.tell", "user.deleted"),
)


def mentions(body: bytes) -> list[str]:
    """Return the ids of ours that a message has, each once."""
    found = dict.fromkeys(each.group().decode() for each in _ID.finditer(body))
    return list(found)[:MAX_MENTIONS]


def without_erased(letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Leave out what tells of people who are gone: it came after they were forgotten."""
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
    """Delete the failed messages that tell of a person; return how many there were.

    What others wait for is kept, without what the person wrote.
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
        FailedMessage._get_collection().bulk_write(kept, ordered=False)
    logger.info("failed messages forgotten", user_id=user_id, erased=erased, kept=len(kept))
    return erased


def _impersonal(body: bytes) -> bytes | None:
    """Return a message as it is kept when a person is gone; None where it is not."""
    try:
        event = event_of(body)
    except Malformed:
        return None
    if not event.type.startswith(IMPERSONAL):
        return None
    # By its model, which leaves out what somebody else put in.
    content = event.model_dump(mode="json", exclude_none=True)
    if "reason" in content["data"]:  # which a customer may have written
        content["data"]["reason"] = ERASED
    return json.dumps(content, separators=(",", ":")).encode()
