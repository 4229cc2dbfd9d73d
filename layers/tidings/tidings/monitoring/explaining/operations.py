"""The operations that explain an order and a notification."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from tidings.delivery.events import DeliverNotification
from tidings.monitoring.explaining.failures import (
    attempt_steps,
    attempts_about,
    failed_messages_about,
    failure_steps,
)
from tidings.monitoring.explaining.notifications import (
    cause_of,
    notes_on,
    notification_steps,
    notification_with,
    notifications_about,
)
from tidings.monitoring.explaining.orders import (
    events_of,
    notes_on_order,
    order_steps,
    order_with,
    reservation_for,
)
from tidings.monitoring.explaining.schemas import ExplainedStep, Explanation, ExplanationNote
from tidings.notifications.errors import NotificationNotFound
from tidings.orders.errors import OrderNotFound
from tidings.platform.messaging.attempts import FailedTry
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.users.queries import deleted_user_ids

MAX_STEPS: Final = 300
MAX_NOTIFICATIONS: Final = 50
MAX_FAILED_MESSAGES: Final = 20
AT_THE_END: Final = datetime.max.replace(tzinfo=UTC)
REPETITIONS: Final = ExplanationNote(
    code="duplicates_not_recorded",
    sentence="An event or a request that came again changed nothing and left no trace here.",
)
RETRIES: Final = ExplanationNote(
    code="attempts_for_a_day",
    sentence="Failed attempts of consumers are shown for a day, and longer if the message became a"
    " failed message; older ones are in the log (make logs CORRELATION=...).",
)
UNKNOWN_ATTEMPTS: Final = ExplanationNote(
    code="attempts_unknown",
    sentence="Redis did not answer: attempts of messages that are tried again are not shown.",
)
INCOMPLETE: Final = frozenset({"left_out", UNKNOWN_ATTEMPTS.code})


@operation(role=Role.OPERATOR, refuses=(NotificationNotFound,), writes=False)
def explain_notification(notification_id: str, *, caller: Principal) -> Explanation:
    """Explain a notification: from its cause to the provider's report, with every decision.

    Raises:
        NotificationNotFound: it does not exist, or it expired.
    """
    found = notification_with(notification_id)
    if found is None:
        raise NotificationNotFound
    failed = failed_messages_about([notification_id], MAX_FAILED_MESSAGES + 1)
    is_of_order = found.kind.startswith("order.") and not found.dedupe_key.startswith("send:")
    tried = attempts_about([notification_id, found.subject_id])
    own = [each for each in tried or () if _is_of(found, each)]
    steps = [*notification_steps([found]), *_failures(failed), *attempt_steps(own, failed)]
    return _explanation(
        steps,
        [
            *notes_on([found]),
            *_left_out(failed, MAX_FAILED_MESSAGES, "failed messages"),
            *_unknown(tried),
        ],
        id=found.id,
        order_id=found.subject_id if is_of_order else None,
        user_id=found.user_id,
        correlation_id=found.correlation_id,
        events=[cause_of(found)],
    )


@operation(role=Role.OPERATOR, refuses=(OrderNotFound,), writes=False)
def explain_order(order_id: str, *, caller: Principal) -> Explanation:
    """Explain an order: its steps, its stock, its events, and the notifications of each.

    Raises:
        OrderNotFound: it does not exist.
    """
    order = order_with(order_id)
    if order is None:
        raise OrderNotFound
    customer = order.customer_id
    found = notifications_about(order_id, customer, order.created_at, MAX_NOTIFICATIONS + 1)
    told = found[:MAX_NOTIFICATIONS]
    failed = failed_messages_about([order_id, *(each.id for each in told)], MAX_FAILED_MESSAGES + 1)
    events = events_of(order, told)
    is_deleted = customer in deleted_user_ids([customer])
    tried = attempts_about([order_id, *(each.id for each in told)])
    steps = [
        *order_steps(order, reservation_for(order_id)),
        *notification_steps(told),
        *_failures(failed),
        *attempt_steps(tried or (), failed),
    ]
    notes = [
        *notes_on_order(order, events, is_deleted=is_deleted),
        *notes_on(told),
        *_left_out(found, MAX_NOTIFICATIONS, "notifications"),
        *_left_out(failed, MAX_FAILED_MESSAGES, "failed messages"),
        *_unknown(tried),
    ]
    return _explanation(
        steps,
        notes,
        id=order.id,
        order_id=order.id,
        user_id=customer,
        correlation_id=order.correlation_id,
        events=events,
    )


def _failures(failed: Sequence[Any]) -> Iterator[ExplainedStep]:
    for each in failed[:MAX_FAILED_MESSAGES]:
        yield from failure_steps(each)


def _is_of(notification: Any, tried: FailedTry) -> bool:
    """Say whether an attempt was about a notification, or about the event that caused it."""
    return tried.event_id == notification.event_id or tried.type == DeliverNotification.event_type()


def _unknown(tried: Sequence[FailedTry] | None) -> Iterator[ExplanationNote]:
    if tried is None:
        yield UNKNOWN_ATTEMPTS


def _left_out(found: Sequence[Any], limit: int, things: str) -> Iterator[ExplanationNote]:
    if len(found) > limit:
        yield ExplanationNote(
            code="left_out", sentence=f"Only the first {limit} {things} are shown."
        )


def _explanation(
    steps: Iterable[ExplainedStep], notes: Iterable[ExplanationNote], **about: Any
) -> Explanation:
    ordered = sorted(steps, key=lambda each: each.at or AT_THE_END)
    remarks = [*notes, *_left_out(ordered, MAX_STEPS, "steps")]
    return Explanation(
        **about,
        steps=ordered[:MAX_STEPS],
        notes=[*remarks, REPETITIONS, RETRIES],
        complete=all(each.code not in INCOMPLETE for each in remarks),
    )
