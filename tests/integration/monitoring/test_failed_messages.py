"""Dead letters are stored once each, found, and discarded with a reason."""

import json
from datetime import timedelta
from typing import Any

import pytest
from monitoring import failed_messages as entry_point

from tests.integration.builders import CONTEXT, Queues, a_person, an_order, at_once
from tests.integration.monitoring.builders import OPERATOR, a_dead_letter, state_of, stored
from tests.unit.platform.builders import mq_event, record
from tests.waiting import eventually
from tidings.monitoring import queries
from tidings.monitoring.errors import FailedMessageNotFound, MessageNotWaiting
from tidings.monitoring.failed_messages import (
    discard_failed_message,
    discard_failed_messages,
    store_failed_messages,
)
from tidings.monitoring.models import FailedMessage
from tidings.monitoring.queries import get_failed_messages
from tidings.monitoring.schemas import DiscardFailedMessages, FailedMessageFilter
from tidings.orders.events import OrderPlaced
from tidings.platform.context import correlated
from tidings.platform.entry import consumer as frame
from tidings.platform.entry.consumer import consumer
from tidings.platform.errors import Forbidden
from tidings.platform.logging import logger
from tidings.platform.messaging.history import Attempt
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.security.auth import Role
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id, now


@consumer(OrderPlaced)
def fails(event: OrderPlaced) -> None:
    raise LookupError(f"no luck with {event.data.order_id}")


# In UTC this is in the year 10000.
AT_THE_END_OF_TIME = b'[{"function": "f", "error": "e", "at": "9999-12-31T23:59:59-14:00"}]'


def a_page(matching: FailedMessageFilter | None = None, **request: object) -> Any:
    wanted = PageRequest.model_validate(request)
    return get_failed_messages(wanted, caller=OPERATOR, wanted=matching)


def listed(**wanted: object) -> list[str]:
    page = get_failed_messages(
        PageRequest.model_validate({}),
        caller=OPERATOR,
        wanted=FailedMessageFilter.model_validate(wanted),
    )
    return [each.id for each in page.items]


# -------------------------------------------------------------------------- storing


@pytest.mark.parametrize(("function", "level"), [("rabbitmq", "error"), ("orders", "info")])
def test_only_what_the_broker_put_aside_is_an_error_in_the_log(
    function: str, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    for each in ("error", "info"):
        monkeypatch.setattr(logger, each, lambda *_, _level=each, **__: lines.append(_level))
    history = (Attempt(function=function, error="e", at=now().isoformat()),)
    store_failed_messages([a_dead_letter().model_copy(update={"history": history})])
    assert lines == [level]


def test_failed_message_is_found_with_its_history(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame, "RETRY_DELAYS_SECONDS", ())
    with correlated("request-7"):
        order = an_order()
    publish_stored()
    fails(queues.event_of("inventory", queues.take("inventory", 1)), CONTEXT)
    dead = queues.take("failed-messages", 1)

    entry_point.handler(queues.event_of("failed-messages", dead), CONTEXT)

    (found,) = a_page().items
    assert (found.queue, found.type, found.state) == ("inventory", "order.placed", "failed")
    assert (found.message_id, found.correlation_id) == (dead[0].message_id, "request-7")
    assert found.error == f"LookupError: no luck with {order.id}"
    assert [each.error for each in found.history] == [found.error]
    assert json.loads(found.payload)["data"]["order_id"] == order.id


def test_repeated_dead_letter_is_stored_once() -> None:
    letters = [a_dead_letter(), a_dead_letter()]
    store_failed_messages(letters)
    store_failed_messages(letters)
    assert FailedMessage.objects.count() == 2


def test_concurrent_dead_letters_are_stored_once() -> None:
    letter = a_dead_letter()
    at_once([lambda: store_failed_messages([letter])] * 5)
    assert FailedMessage.objects.count() == 1


def test_one_event_that_failed_in_two_queues_is_two_messages() -> None:
    letter = a_dead_letter()
    store_failed_messages([letter, letter.model_copy(update={"routing_key": "notifications"})])
    assert FailedMessage.objects.count() == 2


def test_late_repetition_does_not_bring_a_discarded_message_back() -> None:
    letter = a_dead_letter()
    store_failed_messages([letter])
    discard_failed_message(letter.key, "Nobody needs it.", caller=OPERATOR)
    store_failed_messages([letter])
    assert state_of(letter) == "discarded"


def test_message_that_fails_again_is_failed_again_and_keeps_its_actions() -> None:
    letter = a_dead_letter(minutes_ago=5)
    store_failed_messages([letter])
    discard_failed_message(letter.key, "Nobody needs it.", caller=OPERATOR)
    again = Attempt(function="inventory", error="ValueError: again", at=now().isoformat())
    store_failed_messages([letter.model_copy(update={"history": (*letter.history, again)})])
    message = stored(letter)
    assert (message.state, message.error, message.expires_at) == ("failed", again.error, None)
    assert [each.error for each in message.history] == ["LookupError: no luck", again.error]
    assert [each.act for each in message.acts] == ["discarded"]


def test_message_that_fails_again_with_a_clock_behind_is_failed_again() -> None:
    letter = a_dead_letter()
    store_failed_messages([letter])
    FailedMessage.objects(pk=letter.key).update_one(set__state="redriven")
    an_hour_ago = (now() - timedelta(hours=1)).isoformat()
    again = Attempt(function="inventory", error="ValueError: again", at=an_hour_ago)
    store_failed_messages([letter.model_copy(update={"history": (*letter.history, again)})])
    assert (state_of(letter), stored(letter).error) == ("failed", again.error)


def test_older_failure_that_arrives_late_does_not_replace_the_newer_one() -> None:
    letter = a_dead_letter(minutes_ago=5)
    again = Attempt(function="inventory", error="ValueError: again", at=now().isoformat())
    store_failed_messages([letter.model_copy(update={"history": (*letter.history, again)})])
    store_failed_messages([letter])
    assert stored(letter).error == again.error


@pytest.mark.parametrize(
    "message",
    [
        record(b"\xff no event"),
        record(b""),
        record({"id": 1}, messageId=None, type=None, correlationId=None),
        {"data": "not base64!", "basicProperties": None},
        {},
        record(b"x", headers={"tidings-history": {"bytes": [255]}, "tidings-queue": 7}),
        record(b"x", headers={"tidings-history": {"bytes": list(b'[{"function": 1}]')}}),
        record(b"x", headers={"x-first-death-queue": {"bytes": list(b"orders")}}),
        record(b"x", headers={"tidings-history": {"bytes": list(AT_THE_END_OF_TIME)}}),
    ],
    ids=range(9),
)
def test_any_message_is_stored(message: dict[str, object]) -> None:
    entry_point.handler(mq_event(message, queue="failed-messages"), CONTEXT)
    assert len(a_page().items) == 1


def test_message_that_the_broker_dropped_names_its_queue() -> None:
    headers = {
        "x-first-death-queue": {"bytes": list(b"orders")},
        "x-first-death-reason": {"bytes": list(b"delivery_limit")},
    }
    entry_point.handler(mq_event(record(b"{}", headers=headers), queue="failed-messages"), CONTEXT)
    (found,) = a_page().items
    assert (found.queue, found.function) == ("orders", "rabbitmq")
    assert "delivery_limit" in found.error


# -------------------------------------------------------------------------- finding


def test_each_filter_finds_its_message() -> None:
    old = a_dead_letter(minutes_ago=60, error="ValueError: (a+b)*", correlation_id="request-9")
    new = a_dead_letter(routing_key="notifications", type="order.confirmed")
    store_failed_messages([old, new])
    assert listed() == [new.key, old.key]
    assert listed(queue="notifications") == listed(type="order.confirmed") == [new.key]
    assert listed(error="(A+B)*") == listed(correlation_id="request-9") == [old.key]
    assert listed(message_id=old.message_id) == [old.key]
    hour_ago = now() - timedelta(minutes=30)
    assert listed(failed_from=hour_ago) == [new.key]
    assert listed(failed_before=hour_ago) == [old.key]
    assert listed(state="discarded") == []


def test_search_for_an_error_reads_the_latest_messages_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queries, "SEARCHED", 2)
    queue = "orders"
    oldest = a_dead_letter(minutes_ago=9, error="ValueError: rare", routing_key=queue)
    others = [a_dead_letter(minutes_ago=each, error="KeyError: x") for each in (1, 2, 3)]
    store_failed_messages([oldest, *others])
    assert listed(error="KeyError") == [each.key for each in others[:2]]
    assert listed(error="rare") == []
    assert listed(error="rare", queue=queue) == [oldest.key]
    wanted = FailedMessageFilter.model_validate(
        {"error": "KeyError", "failed_from": now() - timedelta(minutes=1, seconds=30)}
    )
    assert [each.id for each in a_page(wanted).items] == [others[0].key]


def test_search_for_an_error_needs_a_command_more(commands: list[str]) -> None:
    store_failed_messages([a_dead_letter(error="KeyError: x")])
    commands.clear()
    assert listed(error="KeyError")
    assert commands == ["find", "find"]


def test_pages_follow_one_another() -> None:
    letters = [a_dead_letter(minutes_ago=n) for n in range(5)]
    store_failed_messages(letters)
    first = a_page(limit=3)
    rest = get_failed_messages(
        PageRequest.model_validate({"limit": 3, "after": first.cursors[-1]}), caller=OPERATOR
    )
    keys = [each.id for page in (first, rest) for each in page.items]
    assert keys == [each.key for each in letters]
    assert first.total == 5


def test_customer_cannot_read_or_discard() -> None:
    letter = a_dead_letter()
    store_failed_messages([letter])
    customer = a_person(Role.CUSTOMER)
    with pytest.raises(Forbidden):
        get_failed_messages(PageRequest.model_validate({}), caller=customer)
    with pytest.raises(Forbidden):
        discard_failed_message(letter.key, "Not mine.", caller=customer)
    assert state_of(letter) == "failed"


# ----------------------------------------------------------------------- discarding


def test_discarded_message_has_operator_time_and_reason() -> None:
    letter, at = a_dead_letter(), now()
    store_failed_messages([letter])
    view = discard_failed_message(letter.key, "Nobody needs it.", caller=OPERATOR, at=at)
    (act,) = view.acts
    assert (view.state, act.act, act.by) == ("discarded", "discarded", OPERATOR.user_id)
    assert (act.at, act.reason) == (at, "Nobody needs it.")
    assert stored(letter).expires_at == at + timedelta(days=30)


def test_second_discard_changes_nothing() -> None:
    letter = a_dead_letter()
    store_failed_messages([letter])
    discard_failed_message(letter.key, "First.", caller=OPERATOR)
    view = discard_failed_message(letter.key, "Second.", caller=OPERATOR)
    assert [each.reason for each in view.acts] == ["First."]


def test_unknown_message_is_not_found() -> None:
    with pytest.raises(FailedMessageNotFound):
        discard_failed_message(new_id(), "Why not.", caller=OPERATOR)


def test_message_that_is_being_redriven_is_not_discarded() -> None:
    letter = a_dead_letter()
    store_failed_messages([letter])
    FailedMessage.objects(pk=letter.key).update_one(set__state="redriving")
    with pytest.raises(MessageNotWaiting):
        discard_failed_message(letter.key, "Why not.", caller=OPERATOR)
    assert eventually(lambda: state_of(letter)) == "redriving"


def test_several_are_discarded_and_the_others_named() -> None:
    letters, unknown = [a_dead_letter(), a_dead_letter()], new_id()
    store_failed_messages(letters)
    wanted = DiscardFailedMessages(ids=(*(each.key for each in letters), unknown), reason="Old.")
    report = discard_failed_messages(wanted, caller=OPERATOR)
    assert (report.discarded, report.not_failed) == (2, [unknown])
