"""Redrive failed messages: accept at once, publish at a rate, lose none.

An accepted message is `redriving` and has a time at which it is published. The sender claims it,
publishes it with confirms, and then marks it as `redriven`. After a crash in between it is
published again when the claim expires. So it is published at least once, and consumers are
idempotent.
"""

import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import UpdateOne
from pymongo.errors import PyMongoError

from tidings.monitoring.editing import edited, edited_fields
from tidings.monitoring.erased_messages import mentions
from tidings.monitoring.errors import ChangesRefused, FailedMessageNotFound, MessageNotWaiting
from tidings.monitoring.failed_messages import act
from tidings.monitoring.forecasts import forecast_of
from tidings.monitoring.letters_with_codes import code_event_types
from tidings.monitoring.models import FailedMessage, FailedState
from tidings.monitoring.queries import messages_of
from tidings.monitoring.schemas import (
    FORECASTS_TOLD,
    MAX_REDRIVEN_AT_ONCE,
    MessageForecast,
    OutcomeCount,
    RedriveFailedMessages,
    RedriveReport,
)
from tidings.monitoring.sending import send_due
from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.storage import database
from tidings.platform.timing.clock import now

# A request sends messages for this long; the rule `redrive` sends the rest.
SECONDS_IN_REQUEST: Final = 5.0
# A dry run renders the messages that it lists, for at most this long.
RENDERING_SECONDS: Final = 5.0
FAILED: Final = FailedState.FAILED.value
REDRIVING: Final = FailedState.REDRIVING.value


@operation(
    role=Role.OPERATOR,
    refuses=(ChangesRefused, FailedMessageNotFound, MessageNotWaiting),
    targets={"wanted.ids": "failed_message"},
)
def redrive_failed_messages(
    wanted: RedriveFailedMessages, *, caller: Principal, at: datetime | None = None
) -> RedriveReport:
    """Send failed messages back to their queues, or forecast the result.

    With a filter, at most `MAX_REDRIVEN_AT_ONCE` messages are accepted; repeat the call for the
    rest. A message that contained a one-time code stays, because the code is void.

    Raises:
        ChangesRefused: the changed payload is not valid for its consumer; a dry run says so, too.
        FailedMessageNotFound: the message to change does not exist.
        MessageNotWaiting: the message to change is not waiting.
    """
    require(caller, Role.OPERATOR)
    at = at or now()
    found = _meant(wanted)
    if wanted.dry_run:
        acts.changed(after={"dry_run": True})
        return _foretell(found, wanted)
    if wanted.changes is not None:
        _change(wanted, caller, at)
    ids = [message.pk for message in found.only("id").order_by("failed_at")]
    accepted = _accept(ids, wanted, caller, at)
    acts.concerns("failed_message", *ids)
    acts.changed(after={"accepted": accepted, "rate": wanted.rate})
    logger.info(
        "failed messages accepted for redrive",
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
        rendered=0,
        outcomes=[],
        forecasts=[],
    )


def _meant(wanted: RedriveFailedMessages) -> Any:
    if wanted.filter is not None and wanted.filter.state not in {None, FailedState.FAILED}:
        return FailedMessage.objects.none()
    found = (
        messages_of(wanted.filter, state=FAILED)
        if wanted.filter is not None
        else FailedMessage.objects(pk__in=wanted.ids, state=FAILED)
    )
    if not wanted.dry_run:
        # Messages of older releases have no `code_void`.
        found = found.filter(code_void__ne=True, type__nin=code_event_types())
    return found.limit(MAX_REDRIVEN_AT_ONCE)


def _foretell(found: Any, wanted: RedriveFailedMessages) -> RedriveReport:
    counts: Counter[Any] = Counter()
    told: list[MessageForecast] = []
    ids: set[str] = set()
    rendered, until = 0, time.monotonic() + RENDERING_SECONDS
    for message in found.order_by("failed_at").no_cache():
        if wanted.changes is not None:
            message.body = edited(message.body, wanted.changes)
        renders = len(told) < FORECASTS_TOLD and time.monotonic() < until
        forecast = forecast_of(message, renders=renders)
        rendered += renders
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
        rendered=rendered,
        outcomes=[OutcomeCount(outcome=name, messages=n) for name, n in counts.most_common()],
        forecasts=told,
    )


def _change(wanted: RedriveFailedMessages, caller: Principal, at: datetime) -> None:
    """Store the changed payload; it is not logged, because it may be personal."""
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
    acts.changed(after={"edited": sorted(edited_fields(wanted.changes))})
    logger.info("failed message edited", by=caller.user_id, failed_message_id=message.pk)


def _accept(ids: list[str], wanted: RedriveFailedMessages, caller: Principal, at: datetime) -> int:
    """Set the time at which each message is published, unless another call took it meanwhile."""
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
    try:
        with database.writing_many(len(updates)):
            result = FailedMessage._get_collection().bulk_write(updates, ordered=False)
    except PyMongoError as error:
        if database.is_unavailable(error) and (accepted := _accepted(ids, done)):
            logger.warning(
                "redrive accepted without an answer of MongoDB",
                accepted=accepted,
                reason=type(error).__name__,
            )
            return accepted
        raise
    return int(result.modified_count)


def _accepted(ids: list[str], done: Mapping[str, Any]) -> int:
    """Return how many messages have this act: a write that timed out may have been made."""
    acts = {"$elemMatch": {"act": done["act"], "by": done["by"], "at": done["at"]}}
    with database.time_for(len(ids)):
        return int(
            FailedMessage._get_collection().count_documents({"_id": {"$in": ids}, "acts": acts})
        )
