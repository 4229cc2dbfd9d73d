"""Dead letters as operators keep them: stored once however often they come, and discarded."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from tidings.operations.erased_messages import mentions, without_erased
from tidings.operations.errors import FailedMessageNotFound, MessageNotWaiting
from tidings.operations.masking import masked_text
from tidings.operations.models import FailedMessage, FailedState
from tidings.operations.queries import view_of
from tidings.operations.schemas import DiscardFailedMessages, DiscardReport, FailedMessageView
from tidings.platform.auth import Principal, Role, require
from tidings.platform.clock import now
from tidings.platform.dead_letters import DeadLetter
from tidings.platform.logging import logger
from tidings.platform.outbox import DUPLICATE_KEY

SETTLED_KEPT_FOR: Final = timedelta(days=30)


def store_failed_messages(letters: Sequence[DeadLetter]) -> None:
    """Store dead letters; one that is there already, and did not fail anew, stays as it is.

    What comes of somebody who deleted their account meanwhile is dropped.
    """
    letters = without_erased(letters)
    if not letters:
        return
    try:
        FailedMessage._get_collection().bulk_write(
            [_stored(letter) for letter in letters], ordered=False
        )
    except BulkWriteError as error:
        if any(each["code"] != DUPLICATE_KEY for each in error.details["writeErrors"]):
            raise
    for letter in letters:
        logger.error(
            "message waits among the failed ones",
            failed_message_id=letter.key,
            queue=letter.routing_key,
            event_type=letter.type,
        )


def discard_failed_message(
    message_key: str, reason: str, *, caller: Principal, at: datetime | None = None
) -> FailedMessageView:
    """Give a failed message up; one that was discarded before stays as it is.

    Raises:
        FailedMessageNotFound: there is none with this id.
        MessageNotWaiting: it is on its way back, or was redriven.
    """
    discard_failed_messages(
        DiscardFailedMessages(ids=(message_key,), reason=reason), caller=caller, at=at
    )
    message = FailedMessage.objects(pk=message_key).first()
    if message is None:
        raise FailedMessageNotFound
    if message.state != FailedState.DISCARDED.value:
        raise MessageNotWaiting(message.state)
    return view_of(message)


def discard_failed_messages(
    wanted: DiscardFailedMessages, *, caller: Principal, at: datetime | None = None
) -> DiscardReport:
    """Give failed messages up; who, when and why is kept with them."""
    require(caller, Role.OPERATOR)
    at = at or now()
    waiting = FailedMessage.objects(pk__in=wanted.ids, state=FailedState.FAILED.value)
    ids = {message.pk for message in waiting.only("id")}
    discarded = FailedMessage._get_collection().update_many(
        {"_id": {"$in": list(ids)}, "state": FailedState.FAILED.value},
        {
            "$set": {"state": FailedState.DISCARDED.value, "expires_at": at + SETTLED_KEPT_FOR},
            "$push": {"acts": act("discarded", caller, at, wanted.reason)},
        },
    )
    logger.info("failed messages discarded", by=caller.user_id, ids=sorted(ids))
    return DiscardReport(
        discarded=discarded.modified_count,
        not_failed=[each for each in wanted.ids if each not in ids],
    )


def act(name: str, caller: Principal, at: datetime, reason: str | None) -> dict[str, Any]:
    """Return an operator's act as it is kept in the document."""
    return {"act": name, "by": caller.user_id, "at": at, "reason": reason}


def _stored(letter: DeadLetter) -> UpdateOne:
    """Return the upsert: a failure that is known finds itself in the history, and is a duplicate.

    Not by time: the clocks of two functions differ, and a failure is never to be taken for older
    than it is, for then nobody would have the message.
    """
    content = {
        "message_id": letter.message_id,
        "exchange": letter.exchange,
        "queue": letter.routing_key,
        "type": letter.type,
        "correlation_id": letter.correlation_id,
        "content_type": letter.content_type,
        "body": letter.body,
        "function": letter.history[-1].function,
        # Providers' errors quote addresses; nobody is shown them, and nobody keeps them.
        "error": masked_text(letter.history[-1].error),
        "history": [
            each.model_dump() | {"error": masked_text(each.error)} for each in letter.history
        ],
        "mentions": mentions(letter.body),
        "state": FailedState.FAILED.value,
        "failed_at": letter.failed_at,
    }
    settled = dict.fromkeys(("redrive_at", "redrive_tries", "claim", "expires_at"), "")
    return UpdateOne(
        {"_id": letter.key, "history.at": {"$ne": letter.history[-1].at}},
        {"$set": content, "$unset": settled, "$setOnInsert": {"acts": []}},
        upsert=True,
    )
