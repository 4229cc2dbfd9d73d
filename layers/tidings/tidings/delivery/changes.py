"""Write the transitions of deliveries, and their side effects: events, dropped codes, the log."""

from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument, UpdateMany, UpdateOne

from tidings.delivery import reports, status
from tidings.delivery.models import Notification
from tidings.delivery.states import (
    FAILED,
    LEASE,
    LOSE,
    SCHEDULED,
    SENDING,
    SETTLED,
    Change,
    Transition,
)
from tidings.platform.context import causation_id, correlated, correlation_id
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.events import Event
from tidings.platform.messaging.outbox import stored_entry
from tidings.platform.observability import metrics
from tidings.platform.storage import database
from tidings.platform.storage.rows import rows_of
from tidings.users import codes


def write(changes: Sequence[Change]) -> int:
    """Make changes, each unless another process changed the delivery since it was read.

    Changes of the delivery alone take one round trip together.

    Returns:
        The number of changes made.
    """
    together = [each for each in changes if not each.has_effects]
    alone = [each for each in changes if each.has_effects]
    return _write_together(together) + sum(_write_alone(each) for each in alone)


def record(
    notification_id: str,
    channel: str,
    transition: Transition,
    reason: str | None = None,
    *,
    at: datetime,
    where: Mapping[str, Any] | None = None,
    ends_wait: bool = False,
    event: Event | None = None,
    known: Any = None,
    calls: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Notification | None:
    """Make a transition if the delivery's status allows it; `where` adds conditions on its fields.

    When a delivery with a code is settled, its variables are deleted. If it failed, the code
    becomes void. A settled delivery is reported to the service that sent it, if it wants that.

    Args:
        known: the row or document of the notification, if it was read before.
        calls: further fields of the step: the providers that were called.

    Returns:
        The changed notification, or None if the conditions did not hold.
    """
    conditions = {"status": {"$in": [each.value for each in transition.after]}} | dict(where or {})
    update = update_of(
        channel, transition, reason, at=at, ends_wait=ends_wait, calls=calls, **fields
    )
    report = _report_of(notification_id, channel, transition, reason, at, known)
    events = [each for each in (event, report) if each is not None]
    if events:
        update["$push"]["outbox"] = {"$each": [stored_entry(each) for each in events]}
    found = Notification._get_collection().find_one_and_update(
        _where(notification_id, channel, conditions),
        update,
        return_document=ReturnDocument.AFTER,
    )
    status.forget([notification_id])
    if found is None:
        return None
    notification: Notification = Notification._from_son(found)
    _log(notification, channel, transition, reason)
    if events:
        outbox.note_stored(notification)
    if notification.carries_code and transition.reached in SETTLED:
        _drop_code(notification, is_void=transition.reached is FAILED)
    return notification


def update_of(
    channel: str,
    transition: Transition,
    reason: str | None = None,
    *,
    at: datetime,
    ends_wait: bool = False,
    calls: Mapping[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Return the MongoDB update of a transition, for writes of many notifications.

    Args:
        ends_wait: no delivery of the notification is claimed or scheduled after it. Without it, the
            release job finds that out.
        calls: further fields of the step: the providers that were called.
        fields: the delivery's fields to set.
    """
    place, reached = f"deliveries.{channel}", transition.reached
    step = {"status": reached.value, "at": at, **(calls or {})}
    values = {"status": reached.value, **fields}
    update: dict[str, Any] = {"$push": {f"{place}.steps": step}}
    if reason is None:
        update["$unset"] = {f"{place}.reason": 1}
    else:
        values["reason"] = step["reason"] = reason
    if reached is SENDING:
        update["$inc"] = {f"{place}.attempts": 1}
        update["$min"] = {"next_due_at": fields["claimed_at"] + LEASE}
    if reached is SCHEDULED:
        update["$min"] = {"next_due_at": fields["due_at"]}
    if ends_wait:
        update.setdefault("$unset", {})["next_due_at"] = 1
    set_values = {f"{place}.{name}": value for name, value in values.items() if value is not None}
    return update | {"$set": set_values}


def _write_together(changes: Sequence[Change]) -> int:
    if not changes:
        return 0
    alike: dict[Hashable, list[Change]] = {}
    for each in changes:
        alike.setdefault(each.form, []).append(each)
    writes = [_write_of(group) for group in alike.values()]
    with database.writing_many(len(changes)):
        made = Notification._get_collection().bulk_write(writes, ordered=False).modified_count
    status.forget(each.notification.id for each in changes)
    for each in changes:
        log = _log if made == len(changes) else _log_doubt
        log(each.notification, each.channel.value, each.transition, each.reason)
    return int(made)


def _write_of(alike: Sequence[Change]) -> UpdateOne | UpdateMany:
    """Return the write of changes that differ only in their notification."""
    one = alike[0]
    channel = one.channel.value
    update = update_of(
        channel,
        one.transition,
        one.reason,
        at=one.at,
        ends_wait=one.ends_wait,
        calls=one.calls,
        **one.fields,
    )
    if len(alike) == 1:  # the driver repeats such a write if its answer was lost
        where = _where(one.notification.id, channel, one.unchanged)
        return UpdateOne(where | one.needs_text, update)
    ids = {"$in": [each.notification.id for each in alike]}
    return UpdateMany(_where(ids, channel, one.unchanged) | one.needs_text, update)


def _write_alone(change: Change) -> bool:
    return (
        record(
            change.notification.id,
            change.channel.value,
            change.transition,
            change.reason,
            at=change.at,
            where=change.unchanged,
            ends_wait=change.ends_wait,
            event=change.event,
            known=change.notification,
            calls=change.calls,
            **change.fields,
        )
        is not None
    )


def _report_of(
    notification_id: str,
    channel: str,
    transition: Transition,
    reason: str | None,
    at: datetime,
    known: Any,
) -> Event | None:
    """Return the report of a transition to the service that sent the notification."""
    if transition.reached not in SETTLED:
        return None
    if known is None:
        read = Notification._get_collection().find({"_id": notification_id}, reports.READ)
        known = next(rows_of(Notification, read), None)
    if known is None:
        return None
    return reports.report_of(known, channel, transition.reached, reason, at)


def _where(notification_id: object, channel: str, conditions: Mapping[str, Any]) -> dict[str, Any]:
    place = f"deliveries.{channel}"
    return {"_id": notification_id} | {f"{place}.{key}": each for key, each in conditions.items()}


def _log(
    notification: Notification, channel: str, transition: Transition, reason: str | None
) -> None:
    about = {"notification_id": notification.id, "channel": channel, "reason": reason}
    if not notification.simulated:
        metrics.count(metrics.DELIVERIES, {"channel": channel, "status": transition.reached.value})
    with _story_of(notification):
        if transition is LOSE:
            logger.warning("delivery unknown: the message may have been sent", **about)
        else:
            logger.info("delivery status changed", status=transition.reached.value, **about)


def _log_doubt(
    notification: Notification, channel: str, transition: Transition, reason: str | None
) -> None:
    """Log a change among others of which some were not made; it is not known which."""
    about = {"notification_id": notification.id, "channel": channel, "reason": reason}
    with _story_of(notification):
        status = transition.reached.value
        logger.info("delivery status maybe unchanged: changed meanwhile", status=status, **about)


def _story_of(notification: Notification) -> AbstractContextManager[None]:
    """Give logs the correlation id of a notification; a batch changes those of many."""
    return correlated(notification.correlation_id or correlation_id(), causation_id())


def _drop_code(notification: Notification, *, is_void: bool) -> None:
    """Delete the variables, so that a code is not kept longer than needed."""
    if is_void:
        codes.void_told(notification.user_id, notification.variables)
    Notification.objects(pk=notification.id).update_one(set__variables={})
