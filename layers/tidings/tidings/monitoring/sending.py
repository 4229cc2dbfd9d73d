"""Publish redriven messages when they are due."""

import time
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo.errors import PyMongoError

from tidings.monitoring.failed_messages import SETTLED_KEPT_FOR
from tidings.monitoring.models import FailedMessage, FailedState
from tidings.platform.errors import Unavailable
from tidings.platform.logging import logger
from tidings.platform.messaging.dead_letters import DeadLetter, send_back
from tidings.platform.messaging.history import Attempt
from tidings.platform.storage import database, former_indexes
from tidings.platform.timing.clock import new_event_id, now

# A process that died with a claim blocks its messages for at most this time.
CLAIM: Final = timedelta(seconds=60)
MESSAGES_PER_ROUND: Final = 100
# The rule runs every minute; this leaves time to end before its next run.
SECONDS_IN_RULE: Final = 45.0
MAX_WAIT_SECONDS: Final = 0.25
# After this many tries without a queue the message becomes `failed` again for an operator.
MAX_TRIES: Final = 5
REDRIVING: Final = FailedState.REDRIVING.value
# Of earlier releases; the one with the id behind the time replaces it.
FORMER_INDEXES: Final = frozenset({"queue_1_failed_at_-1"})


def send_due(*, seconds: float) -> int:
    """Publish messages that are or become due, for at most `seconds`; return their number.

    Several processes may run this at once. If RabbitMQ or MongoDB becomes unavailable, messages
    stay `redriving`, and a later call publishes them.
    """
    deadline, sent = time.monotonic() + seconds, 0
    try:
        former_indexes.drop(_collection(), FORMER_INDEXES)
        while True:
            claimed = _claim(now())
            if claimed:
                sent += _send(claimed)
            wait = 0.0 if claimed else _seconds_until_next(now())
            if wait is None or time.monotonic() + wait >= deadline:
                return sent
            time.sleep(min(wait, MAX_WAIT_SECONDS))
    except Unavailable as error:
        logger.warning("redrive interrupted: RabbitMQ unavailable", sent=sent, reason=str(error))
    except PyMongoError as error:
        if not database.is_unavailable(error):
            raise
        logger.warning(
            "redrive interrupted: MongoDB unavailable", sent=sent, reason=type(error).__name__
        )
    return sent


def _claim(at: datetime) -> list[FailedMessage]:
    """Claim due messages, in two round trips."""
    due = FailedMessage.objects(state=REDRIVING, redrive_at__lte=at).order_by("redrive_at")
    ids = [each.pk for each in due.only("id").limit(MESSAGES_PER_ROUND)]
    if not ids:
        return []
    claim = new_event_id()
    _collection().update_many(
        {"_id": {"$in": ids}, "state": REDRIVING, "redrive_at": {"$lte": at}},
        {"$set": {"redrive_at": at + CLAIM, "claim": claim}, "$inc": {"redrive_tries": 1}},
    )
    claimed = {each.pk: each for each in FailedMessage.objects(pk__in=ids, claim=claim)}
    return [claimed[each] for each in ids if each in claimed]


def _send(claimed: list[FailedMessage]) -> int:
    letters = {each.pk: _letter(each) for each in claimed}
    taken = send_back(list(letters.values()))
    keys = [each.pk for each in claimed if letters[each.pk].key in taken]
    _settle(keys, claimed[0].claim)
    refused = [each for each in claimed if each.pk not in keys]
    _give_up([each.pk for each in refused if each.redrive_tries >= MAX_TRIES])
    return len(keys)


def _settle(keys: list[str], claim: str) -> None:
    """Mark messages as redriven, unless they have failed again already."""
    expires_at = now() + SETTLED_KEPT_FOR
    _collection().update_many(
        {"_id": {"$in": keys}, "state": REDRIVING, "claim": claim},
        {
            "$set": {"state": FailedState.REDRIVEN.value, "expires_at": expires_at},
            "$unset": {"redrive_at": "", "redrive_tries": "", "claim": ""},
        },
    )


def _give_up(keys: list[str]) -> None:
    if keys:
        logger.error("redrive failed: no queue is bound for these messages", ids=keys)
        _collection().update_many(
            {"_id": {"$in": keys}, "state": REDRIVING},
            {
                "$set": {"state": FailedState.FAILED.value, "error": "no queue is bound for it"},
                "$unset": {"redrive_at": "", "redrive_tries": "", "claim": ""},
            },
        )


def _letter(message: FailedMessage) -> DeadLetter:
    return DeadLetter(
        message_id=message.message_id,
        exchange=message.exchange or "",
        routing_key=message.queue,
        type=message.type,
        correlation_id=message.correlation_id,
        content_type=message.content_type,
        body=bytes(message.body),
        history=tuple(
            Attempt(function=each.function, error=each.error, at=each.at)
            for each in message.history
        ),
    )


def _seconds_until_next(at: datetime) -> float | None:
    message = FailedMessage.objects(state=REDRIVING).order_by("redrive_at").first()
    return None if message is None else max(0.0, (message.redrive_at - at).total_seconds())


def _collection() -> Any:
    return FailedMessage._get_collection()
