"""Store dead letters as failed messages, once each, and discard them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from tidings.monitoring.erased_messages import mentions, without_erased
from tidings.monitoring.errors import FailedMessageNotFound, MessageNotWaiting
from tidings.monitoring.letters_with_codes import VOID_REASON, carries_code, without_code
from tidings.monitoring.models import FailedMessage, FailedState
from tidings.monitoring.queries import view_of
from tidings.monitoring.schemas import DiscardFailedMessages, DiscardReport, FailedMessageView
from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.messaging.dead_letters import DeadLetter
from tidings.platform.messaging.outbox import DUPLICATE_KEY
from tidings.platform.operation import operation
from tidings.platform.retention import stored as retention
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.storage import database
from tidings.platform.text.masking import masked_text
from tidings.platform.timing.clock import now

SETTLED_KEPT_FOR: Final = retention.SETTLED_MESSAGES.period


def store_failed_messages(letters: Sequence[DeadLetter]) -> None:
    """Store dead letters; a stored letter that did not fail again does not change.

    Letters about deleted accounts are dropped. A one-time code in a letter is voided and not
    stored.

    Raises:
        redis.RedisError: Redis is unavailable, so the code in a letter cannot be voided.
    """
    letters = without_erased(letters)
    if not letters:
        return
    updates = [
        _stored_void(without_code(each)) if carries_code(each) else _stored(each)
        for each in letters
    ]
    try:
        with database.writing_many(len(updates)):
            FailedMessage._get_collection().bulk_write(updates, ordered=False)
    except BulkWriteError as error:
        if any(each["code"] != DUPLICATE_KEY for each in error.details["writeErrors"]):
            raise
    for letter in letters:
        # What a consumer put aside is in its function's log as an error.
        log = logger.error if letter.is_dropped else logger.info
        log(
            "failed message stored: waits for an operator",
            failed_message_id=letter.key,
            queue=letter.routing_key,
            event_type=letter.type,
        )


@operation(
    role=Role.OPERATOR,
    refuses=(FailedMessageNotFound, MessageNotWaiting),
    targets={"message_key": "failed_message"},
)
def discard_failed_message(
    message_key: str, reason: str, *, caller: Principal, at: datetime | None = None
) -> FailedMessageView:
    """Discard a failed message; one that was discarded before does not change.

    Raises:
        FailedMessageNotFound: no message has this id.
        MessageNotWaiting: the message is being redriven or was redriven.
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


@operation(
    role=Role.OPERATOR,
    refuses=(FailedMessageNotFound, MessageNotWaiting),
    targets={"wanted.ids": "failed_message"},
)
def discard_failed_messages(
    wanted: DiscardFailedMessages, *, caller: Principal, at: datetime | None = None
) -> DiscardReport:
    """Discard failed messages; operator, time and reason are stored with them."""
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
    acts.changed(after={"discarded": discarded.modified_count})
    logger.info("failed messages discarded", by=caller.user_id, ids=sorted(ids))
    return DiscardReport(
        discarded=discarded.modified_count,
        not_failed=[each for each in wanted.ids if each not in ids],
    )


def act(name: str, caller: Principal, at: datetime, reason: str | None) -> dict[str, Any]:
    """Return an operator's action in its stored form."""
    return {"act": name, "by": caller.user_id, "at": at, "reason": reason}


def _stored_void(letter: DeadLetter) -> UpdateOne:
    """Return the upsert of a letter whose code is void; operators can still read it."""
    voided = {"act": "voided", "by": "tidings", "at": now(), "reason": VOID_REASON}
    return _stored(letter, also={"code_void": True}, acts=[voided])


def _stored(
    letter: DeadLetter, also: Mapping[str, Any] | None = None, acts: Sequence[object] = ()
) -> UpdateOne:
    """Return the upsert of a letter. It fails as a duplicate if the failure is stored already.

    The history decides, not the time of the failure: clocks of functions differ, and a new failure
    that looks old would be lost.
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
        # Providers' errors quote addresses, which must be neither stored nor shown.
        "error": masked_text(letter.history[-1].error),
        "history": [
            each.model_dump() | {"error": masked_text(each.error)} for each in letter.history
        ],
        "mentions": mentions(letter.body),
        "state": FailedState.FAILED.value,
        "failed_at": letter.failed_at,
        **(also or {}),
    }
    settled = dict.fromkeys(("redrive_at", "redrive_tries", "claim", "expires_at"), "")
    return UpdateOne(
        {"_id": letter.key, "history.at": {"$ne": letter.history[-1].at}},
        {"$set": content, "$unset": settled, "$setOnInsert": {"acts": list(acts)}},
        upsert=True,
    )
