"""An explanation shows failed attempts before the last one, at no cost for what succeeds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import ConnectionError as RedisAway

from tests.integration.builders import CONTEXT, Queues, a_reader, an_order
from tests.integration.monitoring.builders import OPERATOR
from tests.integration.notifications.builders import some_content, the_notification
from tests.unit.platform.builders import order_placed
from tidings.delivery.events import DeliverNotification
from tidings.monitoring.explaining.operations import explain_notification, explain_order
from tidings.monitoring.explaining.schemas import ExplainedStep, Explanation
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.notifications.creating import create_notifications
from tidings.orders.events import OrderPlaced
from tidings.platform.caching import cache
from tidings.platform.entry import consumer as frame
from tidings.platform.entry.consumer import consumer
from tidings.platform.errors import NotYet
from tidings.platform.messaging import attempts
from tidings.platform.messaging.dead_letters import DeadLetter
from tidings.platform.messaging.history import decoded, failed_attempt
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.observability import metrics

ERROR: dict[str, Exception | None] = {}


@consumer(OrderPlaced)
def inventory(event: OrderPlaced) -> None:
    if (error := ERROR.get("raised")) is not None:
        raise error


@consumer(DeliverNotification)
def delivery(event: DeliverNotification) -> None:
    raise LookupError(f"no luck with {event.subject}")


@pytest.fixture(autouse=True)
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "RETRY_DELAYS_SECONDS", (1, 1))
    ERROR["raised"] = LookupError("no luck")
    metrics._appended.clear()


def attempts_in(found: Explanation) -> list[ExplainedStep]:
    names = {"message.attempt_failed", "message.postponed"}
    return [each for each in found.steps if each.code in names]


def explained(order_id: str) -> Explanation:
    return explain_order(order_id, caller=OPERATOR)


def fail_once(queues: Queues) -> str:
    """Let the inventory fail with an order for the first time; return the order's id."""
    order = an_order()
    publish_stored()
    inventory(queues.event_of("inventory", queues.take("inventory", 1)), CONTEXT)
    return order.id


def test_attempt_is_shown_while_the_message_waits_for_the_next(queues: Queues) -> None:
    order_id = fail_once(queues)
    (step,) = attempts_in(explained(order_id))
    assert (step.reason, step.queue, step.function) == ("LookupError", "inventory", "local")
    assert "order.placed failed: LookupError: no luck." in step.sentence
    assert step.at is not None
    until = datetime.fromisoformat(step.sentence.split()[-4])
    assert step.at < until <= datetime.now(UTC) + timedelta(seconds=1)
    assert (step.event_id, step.correlation_id) == (explained(order_id).events[0].event_id, None)
    queues.take("inventory", 1)


def test_attempts_are_shown_after_the_message_was_handled(queues: Queues) -> None:
    order_id = fail_once(queues)
    ERROR["raised"] = None
    inventory(queues.event_of("inventory", queues.take("inventory", 1)), CONTEXT)
    assert len(attempts_in(explained(order_id))) == 1


def test_attempts_of_a_failed_message_are_shown_once(queues: Queues) -> None:
    order_id = fail_once(queues)
    for _ in range(2):
        inventory(queues.event_of("inventory", queues.take("inventory", 1)), CONTEXT)
    (dead,) = queues.take("failed-messages", 1)
    letter = DeadLetter(
        message_id=dead.message_id,
        routing_key="inventory",
        type="order.placed",
        body=dead.body,
        history=decoded(dead.headers["tidings-history"]),
    )
    store_failed_messages([letter])
    found = attempts_in(explained(order_id))
    assert len(found) == 3
    assert {each.failed_message_id for each in found} == {letter.key}


def test_message_that_came_too_early_is_postponed(queues: Queues) -> None:
    ERROR["raised"] = NotYet("The order is not stored yet.")
    (step,) = attempts_in(explained(fail_once(queues)))
    assert (step.code, step.reason) == ("message.postponed", "NotYet")


def test_attempts_to_deliver_belong_to_their_notification(queues: Queues) -> None:
    ada = a_reader()
    create_notifications([ada.user_id], some_content())
    publish_stored()
    delivery(queues.event_of("email.queue", queues.take("email.queue", 1)), CONTEXT)
    notification = the_notification(ada)
    found = explain_notification(notification.id, caller=OPERATOR)
    assert [each.queue for each in attempts_in(found)] == ["email.queue"]
    queues.take("email.queue", 1)
    queues.take_all("push.queue")


def test_attempts_of_other_events_about_the_same_subject_are_not_shown(queues: Queues) -> None:
    ada = a_reader()
    create_notifications([ada.user_id], some_content())
    other = OrderPlaced.model_validate(
        order_placed(subject=the_notification(ada).subject_id, id="another")
    )
    attempts.note(other, "inventory", failed_attempt(LookupError("no luck")), 1)
    metrics.flush()
    found = explain_notification(the_notification(ada).id, caller=OPERATOR)
    assert attempts_in(found) == []


# --------------------------------------------------------------------------- limits


def an_event(subject: str) -> OrderPlaced:
    return OrderPlaced.model_validate(order_placed(subject=subject))


def test_the_last_attempts_are_kept_for_a_day() -> None:
    for number in range(25):
        failed = failed_attempt(LookupError(f"number {number}"))
        attempts.note(an_event("order-1"), "inventory", failed, 1)
    metrics.flush()
    found = attempts.of_subjects(["order-1"])
    assert [each.error for each in found] == [f"LookupError: number {n}" for n in range(5, 25)]
    assert 0 < cache.client().ttl(cache.key("attempts", "order-1")) <= attempts.KEPT_SECONDS


def test_error_is_masked_before_it_is_kept() -> None:
    failed = failed_attempt(LookupError("no mailbox ada@example.com"))
    attempts.note(an_event("order-2"), "inventory", failed, 1)
    metrics.flush()
    (text,) = cache.client().lrange(cache.key("attempts", "order-2"), 0, -1)
    assert "ada@example.com" not in text


def test_attempt_of_another_version_is_left_out() -> None:
    cache.client().lpush(cache.key("attempts", "order-3"), '{"at": 1}')
    assert attempts.of_subjects(["order-3"]) == []


# ----------------------------------------------------------------------------- cost


def test_success_writes_nothing_more(queues: Queues, commands: list[str]) -> None:
    ERROR["raised"] = None
    order = an_order()
    publish_stored()
    event = queues.event_of("inventory", queues.take("inventory", 1))
    commands.clear()
    inventory(event, CONTEXT)
    assert commands == []
    assert metrics._appended == []
    assert attempts.of_subjects([order.id]) == []


def test_failure_writes_with_the_counts(
    queues: Queues, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One round trip to Redis, and no database command."""
    written: list[tuple[Any, ...]] = []
    add = metrics._add
    monkeypatch.setattr(metrics, "_not_before", 0.0)

    def add_and_note(*each: Any) -> None:
        written.append(each)
        add(*each)

    monkeypatch.setattr(metrics, "_add", add_and_note)
    an_order()
    publish_stored()
    event = queues.event_of("inventory", queues.take("inventory", 1))
    metrics.flush()
    commands.clear()
    written.clear()
    inventory(event, CONTEXT)
    assert commands == []
    ((added, _, _, appended),) = written
    assert len(appended) == 1
    assert any("retried" in each for each in added)
    queues.take("inventory", 1)


def test_without_redis_attempts_wait_and_the_explanation_says_so(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Any:
        raise RedisAway

    monkeypatch.setattr(metrics, "_not_before", 0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "client", away)
        order_id = fail_once(queues)
        found = explained(order_id)
        assert "attempts_unknown" in {each.code for each in found.notes}
        assert not found.complete
        assert attempts_in(found) == []
    monkeypatch.setattr(metrics, "_not_before", 0.0)
    metrics.flush()
    assert len(attempts_in(explained(order_id))) == 1
    queues.take("inventory", 1)


def test_attempts_without_redis_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MAX_APPENDED", 3)
    for _ in range(5):
        metrics.append("key", "text", 1, 1)
    assert len(metrics._appended) == 3
    metrics._appended.clear()
