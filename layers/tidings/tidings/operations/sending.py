"""Sends redriven messages when their time has come."""

import time
from datetime import datetime, timedelta
from typing import Any, Final

from tidings.operations.failed_messages import SETTLED_KEPT_FOR
from tidings.operations.models import FailedMessage, FailedState
from tidings.platform.clock import new_event_id, now
from tidings.platform.dead_letters import DeadLetter, send_back
from tidings.platform.errors import Unavailable
from tidings.platform.history import Attempt
from tidings.platform.logging import logger

# Who claimed messages and died holds them up no longer than this.
CLAIM: Final = timedelta(seconds=60)
MESSAGES_PER_ROUND: Final = 100
# The rule is called every minute; this leaves time to end before it is called again.
SECONDS_IN_RULE: Final = 45.0
MAX_WAIT_SECONDS: Final = 0.25
# No queue takes it: after so many tries it is called failed again, and an operator looks.
MAX_TRIES: Final = 5
REDRIVING: Final = FailedState.REDRIVING.value


def send_due(*, seconds: float) -> int:
    """Send what is due, and what becomes due, for at most so long; return how many were sent.

    Safe to run several times at once. Where RabbitMQ is away everything stays `redriving`.
    """
    deadline, sent = time.monotonic() + seconds, 0
    while True:
        claimed = _claim(now())
        if claimed:
            try:
                sent += _send(claimed)
            except Unavailable as error:
                logger.warning("redriven messages wait", messages=len(claimed), reason=str(error))
                return sent
        wait = 0.0 if claimed else _seconds_until_next(now())
        if wait is None or time.monotonic() + wait >= deadline:
            return sent
        time.sleep(min(wait, MAX_WAIT_SECONDS))


def _claim(at: datetime) -> list[FailedMessage]:
    """Take what is due out of the others' hands, in two round trips."""
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
    """Call messages redriven, unless they have failed again already."""
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
        logger.error("no queue takes these redriven messages", ids=keys)
        _collection().update_many(
            {"_id": {"$in": keys}, "state": REDRIVING},
            {
                "$set": {"state": FailedState.FAILED.value, "error": "no queue takes it"},
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
