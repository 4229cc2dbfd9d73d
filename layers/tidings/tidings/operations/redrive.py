"""Failed messages on their way back: accepted at once, sent at a rate, never lost.

A message is `redriving` from the acceptance on, with the time at which it is to go. Who sends
claims it, publishes with confirms, and only then calls it `redriven`; a crash in between lets
it go again when the claim has run out. So it goes at least once, and consumers are idempotent.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import UpdateOne

from tidings.operations.editing import edited
from tidings.operations.erased_messages import mentions
from tidings.operations.errors import FailedMessageNotFound, MessageNotWaiting
from tidings.operations.failed_messages import act
from tidings.operations.forecasts import forecast_of
from tidings.operations.models import FailedMessage, FailedState
from tidings.operations.queries import conditions_of
from tidings.operations.schemas import (
    FORECASTS_TOLD,
    MAX_REDRIVEN_AT_ONCE,
    MessageForecast,
    OutcomeCount,
    RedriveFailedMessages,
    RedriveReport,
)
from tidings.operations.sending import send_due
from tidings.platform import database
from tidings.platform.auth import Principal, Role, require
from tidings.platform.clock import now
from tidings.platform.logging import logger

# A request sends what it can meanwhile; the rule `redrive` sends the others.
SECONDS_IN_REQUEST: Final = 5.0
FAILED: Final = FailedState.FAILED.value
REDRIVING: Final = FailedState.REDRIVING.value


def redrive_failed_messages(
    wanted: RedriveFailedMessages, *, caller: Principal, at: datetime | None = None
) -> RedriveReport:
    """Send failed messages back to where they failed, or say what would become of them.

    Of a filter at most `MAX_REDRIVEN_AT_ONCE` are taken; ask again for the others.

    Raises:
        ChangesRefused: the changed payload is none that its consumer would take.
        FailedMessageNotFound, MessageNotWaiting: the message to change is not there.
    """
    require(caller, Role.OPERATOR)
    at = at or now()
    found = _meant(wanted)
    if wanted.dry_run:
        return _foretell(found, wanted)
    if wanted.changes is not None:
        _change(wanted, caller, at)
    ids = [message.pk for message in found.only("id").order_by("failed_at")]
    accepted = _accept(ids, wanted, caller, at)
    logger.info(
        "failed messages are redriven",
        by=caller.user_id,
        accepted=accepted,
        rate=wanted.rate,
        wanted=wanted.model_dump(mode="json", exclude={"changes"}, exclude_none=True),
    )
    return RedriveReport(
        dry_run=False,
        matched=len(ids),
        accepted=accepted,
        sent=send_due(seconds=SECONDS_IN_REQUEST) if accepted else 0,
        not_failed=[each for each in wanted.ids or () if each not in set(ids)],
        outcomes=[],
        forecasts=[],
    )


def _meant(wanted: RedriveFailedMessages) -> Any:
    conditions = conditions_of(wanted.filter) if wanted.filter else {"pk__in": wanted.ids}
    found = FailedMessage.objects(**conditions).filter(state=FAILED)
    return found.limit(MAX_REDRIVEN_AT_ONCE)


def _foretell(found: Any, wanted: RedriveFailedMessages) -> RedriveReport:
    counts: Counter[Any] = Counter()
    told: list[MessageForecast] = []
    ids: set[str] = set()
    for message in found.order_by("failed_at").no_cache():
        forecast = forecast_of(message)
        counts[forecast.outcome] += 1
        ids.add(message.pk)
        if len(told) < FORECASTS_TOLD:
            told.append(MessageForecast.of(message, forecast))
    return RedriveReport(
        dry_run=True,
        matched=len(ids),
        accepted=0,
        sent=0,
        not_failed=[each for each in wanted.ids or () if each not in ids],
        outcomes=[OutcomeCount(outcome=name, messages=n) for name, n in counts.most_common()],
        forecasts=told,
    )


def _change(wanted: RedriveFailedMessages, caller: Principal, at: datetime) -> None:
    """Store the changed payload; what changed is not logged, for it may be personal."""
    assert wanted.ids is not None
    assert wanted.changes is not None
    message = FailedMessage.objects(pk=wanted.ids[0]).first()
    if message is None:
        raise FailedMessageNotFound
    if message.state != FAILED:
        raise MessageNotWaiting(message.state)
    body = edited(message.body, wanted.changes)
    FailedMessage._get_collection().update_one(
        {"_id": message.pk, "state": FAILED},
        {
            "$set": {"body": body, "mentions": mentions(body)},
            "$push": {"acts": act("edited", caller, at, wanted.reason)},
        },
    )
    logger.info("failed message edited", by=caller.user_id, failed_message_id=message.pk)


def _accept(ids: list[str], wanted: RedriveFailedMessages, caller: Principal, at: datetime) -> int:
    """Give each message its time to go; somebody else may have taken it meanwhile."""
    if not ids:
        return 0
    done = act("redriven", caller, at, wanted.reason)
    updates = [
        UpdateOne(
            {"_id": each, "state": FAILED},
            {
                "$set": {
                    "state": REDRIVING,
                    "redrive_at": at + timedelta(seconds=place / wanted.rate),
                    "redrive_tries": 0,
                },
                "$push": {"acts": done},
            },
        )
        for place, each in enumerate(ids)
    ]
    with database.time_for(len(updates)):
        result = FailedMessage._get_collection().bulk_write(updates, ordered=False)
    return int(result.modified_count)
