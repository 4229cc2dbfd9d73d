"""Failed messages return to the queues where they failed, and none is lost."""

import json
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from pymongo.errors import NetworkTimeout

from tests.integration.builders import CONTEXT, Queues, Taken, a_person, a_reader, at, at_once
from tests.integration.monitoring.builders import (
    OPERATOR,
    a_dead_letter,
    break_template,
    broken,
    state_of,
    stored,
)
from tests.integration.notifications.builders import confirmed, some_content
from tests.unit.platform.builders import RecordingPublisher
from tests.waiting import eventually
from tidings.delivery.events import DeliverNotification, DeliverNotificationData
from tidings.delivery.models import Notification
from tidings.monitoring import forecasts, redrive, sending
from tidings.monitoring.editing import EDITS, edited
from tidings.monitoring.errors import ChangesRefused, FailedMessageNotFound, MessageNotWaiting
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.monitoring.models import FailedMessage
from tidings.monitoring.redrive import redrive_failed_messages
from tidings.monitoring.schemas import RedriveFailedMessages, RedriveReport
from tidings.monitoring.sending import MAX_TRIES, send_due
from tidings.notifications.creating import create_notifications
from tidings.orders.events import OrderPlaced, OrderStatusChanged, OrderStatusChangedData
from tidings.platform.auditing.entries import AuditEntry
from tidings.platform.entry import consumer as frame
from tidings.platform.entry.consumer import consumer
from tidings.platform.errors import Forbidden, RuleRefused
from tidings.platform.messaging import dead_letters
from tidings.platform.messaging.broker import BrokerUnavailable, Publisher
from tidings.platform.messaging.dead_letters import DeadLetter
from tidings.platform.messaging.events import EVENT_CLASSES, Event
from tidings.platform.messaging.forecast import Forecast, Outcome
from tidings.platform.messaging.history import Attempt
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id, now
from tidings.tasks.events import TaskCreated, TaskCreatedData
from tidings.templates.operations import rollback_template
from tidings.templates.schemas import RollBackTemplate


@consumer(OrderPlaced)
def fails(event: OrderPlaced) -> None:
    raise LookupError("again")


def failed(*letters: DeadLetter) -> Sequence[DeadLetter]:
    store_failed_messages(letters)
    return letters


def redriven(*letters: DeadLetter, **wanted: object) -> RedriveReport:
    which = {"ids": [each.key for each in letters]} if letters else {}
    wish = RedriveFailedMessages.model_validate(which | wanted)
    return redrive_failed_messages(wish, caller=OPERATOR)


def history_of(message: Taken) -> list[dict[str, str]]:
    attempts: list[dict[str, str]] = json.loads(message.headers["tidings-history"])
    return attempts


# ----------------------------------------------------------------------- redriving


def test_message_returns_unchanged_to_its_queue(queues: Queues) -> None:
    (letter,) = failed(a_dead_letter())
    report = redriven(letter, reason="The cause is mended.")
    assert (report.matched, report.accepted, report.sent) == (1, 1, 1)
    (message,) = queues.take("inventory", 1)
    assert message.body == letter.body
    assert (message.message_id, message.correlation_id) == (letter.message_id, "request-1")
    assert [each["function"] for each in history_of(message)] == ["inventory", "redrive"]
    kept = stored(letter)
    assert (kept.state, kept.claim, kept.redrive_at) == ("redriven", None, None)
    assert [(each.act, each.by, each.reason) for each in kept.acts] == [
        ("redriven", OPERATOR.user_id, "The cause is mended.")
    ]


def test_message_that_fails_again_has_all_attempts_again_and_keeps_its_history(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame, "RETRY_DELAYS_SECONDS", (1,))
    attempts = [
        Attempt(function="inventory", error=f"E: {n}", at=f"2026-11-20T09:15:0{n}+00:00")
        for n in range(6)
    ]
    (letter,) = failed(a_dead_letter(history=tuple(attempts)))
    redriven(letter)
    message = queues.take("inventory", 1)

    fails(queues.event_of("inventory", message), CONTEXT)
    (back,) = eventually(lambda: queues.take_all("inventory"), what="the retry")
    fails(queues.event_of("inventory", [back]), CONTEXT)
    dead = queues.take("failed-messages", 1)

    from monitoring import failed_messages as entry_point

    entry_point.handler(queues.event_of("failed-messages", dead), CONTEXT)
    kept = stored(letter)
    assert kept.state == "failed"
    assert [each.error for each in kept.history] == [
        *(each.error for each in attempts),
        "an operator sent it back",
        "LookupError: again",
        "LookupError: again",
    ]
    assert [each.act for each in kept.acts] == ["redriven"]


def test_message_that_failed_again_before_it_was_recorded_stays_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (letter,) = failed(a_dead_letter(minutes_ago=5))

    def fails_at_once(letters: Sequence[DeadLetter]) -> set[str]:
        again = Attempt(function="inventory", error="again", at=now().isoformat())
        store_failed_messages([letter.model_copy(update={"history": (*letter.history, again)})])
        return {each.key for each in letters}

    monkeypatch.setattr(sending, "send_back", fails_at_once)
    redriven(letter)
    assert state_of(letter) == "failed"


def test_all_messages_of_a_filter_are_redriven(queues: Queues) -> None:
    letters = failed(*(a_dead_letter(minutes_ago=9 - n) for n in range(3)))
    failed(a_dead_letter(routing_key="orders", type="inventory.reserved"))
    report = redriven(filter={"queue": "inventory"})
    assert (report.matched, report.sent) == (3, 3)
    assert [each.message_id for each in queues.take("inventory", 3)] == [
        each.message_id for each in letters
    ]
    assert queues.is_empty("orders")


class Clock:
    """Replaces `time` and `now`: time passes during `sleep` only."""

    def __init__(self) -> None:
        self._began, self._seconds = now(), 0.0

    def monotonic(self) -> float:
        return self._seconds

    def sleep(self, seconds: float) -> None:
        self._seconds += seconds

    def now(self) -> datetime:
        return self._began + timedelta(seconds=self._seconds)


def test_messages_are_redriven_at_the_given_rate(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(sending, "time", clock)
    for module in (redrive, sending):
        monkeypatch.setattr(module, "now", clock.now)
    monkeypatch.setattr(redrive, "SECONDS_IN_REQUEST", 0.0)
    letters = failed(*(a_dead_letter() for _ in range(4)))
    report = redriven(*letters, rate=1)
    assert (report.accepted, report.sent) == (4, 1)
    times = sorted(
        each.redrive_at for each in FailedMessage.objects(state="redriving").only("redrive_at")
    )
    assert [(later - times[0]).total_seconds() for later in times] == [0, 1, 2]
    assert send_due(seconds=2.5) == 2
    assert len(queues.take_all("inventory")) == 3


def test_second_redrive_sends_nothing(queues: Queues) -> None:
    (letter,) = failed(a_dead_letter())
    redriven(letter)
    report = redriven(letter)
    assert (report.matched, report.not_failed) == (0, [letter.key])
    queues.take("inventory", 1)


def test_concurrent_redrives_send_once(
    queues: Queues, rabbit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in Lambda, each side has its own publisher.
    own = threading.local()

    def publisher() -> Publisher:
        own.publisher = getattr(own, "publisher", None) or Publisher(at(rabbit.url))
        return own.publisher  # type: ignore[no-any-return]

    monkeypatch.setattr(dead_letters, "publisher", publisher)
    monkeypatch.setattr(redrive, "SECONDS_IN_REQUEST", 30.0)
    letters = failed(*(a_dead_letter() for _ in range(20)))
    at_once([lambda: redriven(*letters, rate=1000) for _ in range(3)])
    assert len(queues.take_all("inventory")) == 20
    assert {state_of(each) for each in letters} == {"redriven"}


def test_unroutable_message_is_sent_to_its_exchange(queues: Queues) -> None:
    (letter,) = failed(a_dead_letter(exchange="user-events", routing_key="order.placed"))
    redriven(letter)
    queues.take("inventory", 1)


def test_customer_cannot_redrive(queues: Queues) -> None:
    (letter,) = failed(a_dead_letter())
    wish = RedriveFailedMessages.model_validate({"ids": [letter.key]})
    with pytest.raises(Forbidden):
        redrive_failed_messages(wish, caller=a_person(Role.CUSTOMER))
    assert state_of(letter) == "failed"


# --------------------------------------------------------------------------- faults


def test_message_waits_while_the_broker_is_unavailable(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    (letter,) = failed(a_dead_letter())
    with pytest.MonkeyPatch.context() as patch:
        gone = RecordingPublisher()
        gone.raises = BrokerUnavailable("RabbitMQ is out of reach.")
        patch.setattr(dead_letters, "publisher", lambda: gone)
        report = redriven(letter)
    assert (report.accepted, report.sent, state_of(letter)) == (1, 0, "redriving")
    monkeypatch.setattr(sending, "now", lambda: now() + timedelta(seconds=61))
    assert send_due(seconds=0) == 1
    queues.take("inventory", 1)


def test_redrive_that_mongodb_interrupts_is_accepted_and_recorded(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MongoDB becomes too slow after the first message was sent."""
    letters = failed(*(a_dead_letter(minutes_ago=3 - n) for n in range(3)))
    monkeypatch.setattr(sending, "MESSAGES_PER_ROUND", 1)
    with pytest.MonkeyPatch.context() as patch:
        claim, rounds = sending._claim, iter(range(9))

        def slow(moment: datetime) -> list[FailedMessage]:
            if next(rounds):
                raise NetworkTimeout("127.0.0.1: timed out")
            return claim(moment)

        patch.setattr(sending, "_claim", slow)
        report = redriven(*letters, rate=1000)
    assert (report.accepted, report.sent) == (3, 1)
    assert [state_of(each) for each in letters] == ["redriven", "redriving", "redriving"]
    (entry,) = AuditEntry.objects(operation="redrive_failed_messages")
    assert (entry.outcome, entry.after["accepted"]) == ("ok", 3)
    monkeypatch.setattr(sending, "now", lambda: now() + timedelta(seconds=61))
    assert send_due(seconds=0.5) == 2
    queues.take("inventory", 3)


def test_redrive_is_accepted_if_only_the_answer_of_its_write_is_lost(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = failed(a_dead_letter(minutes_ago=2), a_dead_letter(minutes_ago=1))
    write = FailedMessage._get_collection().bulk_write
    monkeypatch.setattr(redrive, "FailedMessage", LosesAnswers(write))
    report = redriven(*letters)
    assert (report.accepted, report.sent) == (2, 2)
    queues.take("inventory", 2)


class LosesAnswers:
    """The collection of failed messages, whose writes happen and time out."""

    def __init__(self, write: Any) -> None:
        self._write = write

    def __getattr__(self, name: str) -> Any:
        return getattr(FailedMessage, name)

    def _get_collection(self) -> "LosesAnswers":
        return self

    def bulk_write(self, *arguments: Any, **more: Any) -> None:
        self._write(*arguments, **more)
        raise NetworkTimeout("127.0.0.1: timed out")

    def count_documents(self, wanted: Any) -> int:
        return int(FailedMessage._get_collection().count_documents(wanted))


def test_crash_after_the_message_was_published_sends_it_again(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    (letter,) = failed(a_dead_letter())
    with pytest.MonkeyPatch.context() as patch:

        def die(*_: object) -> None:
            raise SystemExit

        patch.setattr(sending, "_settle", die)
        with pytest.raises(SystemExit):
            redriven(letter)
    assert state_of(letter) == "redriving"
    assert send_due(seconds=0) == 0  # its claim is valid
    monkeypatch.setattr(sending, "now", lambda: now() + timedelta(seconds=61))
    assert send_due(seconds=0) == 1
    assert state_of(letter) == "redriven"
    queues.take("inventory", 2)


def test_message_without_a_queue_ends_as_failed(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    (letter,) = failed(a_dead_letter(routing_key="no-such-queue"))
    redriven(letter)
    for minute in range(1, MAX_TRIES):
        assert state_of(letter) == "redriving"
        monkeypatch.setattr(sending, "now", lambda m=minute: now() + timedelta(minutes=2 * m))
        send_due(seconds=0)
    assert (state_of(letter), stored(letter).error) == ("failed", "no queue is bound for it")


# -------------------------------------------------------------------------- dry run


def test_dry_run_reports_the_result_and_does_nothing(queues: Queues) -> None:
    good, bad = failed(a_dead_letter(minutes_ago=2), a_dead_letter(body=b"\xff", minutes_ago=1))
    unknown = new_id()
    report = redriven(dry_run=True, ids=[good.key, bad.key, unknown])
    assert (report.dry_run, report.matched, report.accepted, report.sent) == (True, 2, 0, 0)
    assert [(each.id, each.outcome) for each in report.forecasts] == [
        (good.key, "would_be_handled"),
        (bad.key, "malformed"),
    ]
    assert "inventory" in report.forecasts[0].reason
    assert {each.outcome: each.messages for each in report.outcomes} == {
        "would_be_handled": 1,
        "malformed": 1,
    }
    assert report.not_failed == [unknown]
    assert {state_of(good), state_of(bad)} == {"failed"}
    assert queues.is_empty("inventory")


def test_domain_can_forecast_the_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def stale(event: OrderPlaced, *, renders: bool) -> Forecast:
        return Forecast(outcome=Outcome.STALE, reason=f"{event.subject} is old.")

    monkeypatch.setattr(forecasts, "FORECASTERS", {"order.placed": stale})
    (letter,) = failed(a_dead_letter())
    (forecast,) = redriven(letter, dry_run=True).forecasts
    assert forecast.outcome == "stale"


def confirmation_letter(customer: Principal, **changes: Any) -> DeadLetter:
    """Return an `order.confirmed` that the notifications could not handle."""
    event = confirmed(customer)
    body = event.model_dump_json(exclude_none=True).encode()
    values = {"message_id": event.id, "type": event.type, "body": body}
    return a_dead_letter(**values | {"routing_key": "notifications"} | changes)


def test_dry_run_renders_the_message_of_an_event() -> None:
    version, customer = break_template(), a_reader()
    letters = failed(
        confirmation_letter(customer, minutes_ago=2),
        confirmation_letter(customer, minutes_ago=1, routing_key="recommendations"),
    )
    report = redriven(*letters, dry_run=True)
    fails, other = report.forecasts
    assert (fails.outcome, fails.reason) == (
        "would_fail",
        f"It would fail again: {broken(version)}",
    )
    assert other.outcome == "would_be_handled"  # its consumer renders nothing
    assert Notification.objects(user_id=customer.user_id).count() == 0

    rollback_template(
        "order_confirmed",
        RollBackTemplate(version=version, to_version=1),
        caller=a_person(Role.ADMIN),
    )
    (mended, _) = redriven(*letters, dry_run=True).forecasts
    assert mended.outcome == "would_be_handled"


def test_dry_run_renders_the_message_of_a_delivery_with_its_own_version() -> None:
    customer, version = a_reader(), break_template()
    content = some_content(variables={"order_id": "65a1f0c2d4e8b9a7c3f1e0d2"})
    notification_id = create_notifications([customer.user_id], content)[
        customer.user_id
    ].notification_id
    Notification.objects(pk=notification_id).update_one(set__variables={"order_id": "another"})
    data = DeliverNotificationData(notification_id=notification_id, channel="email")
    command = DeliverNotification(subject=notification_id, data=data)
    (letter,) = failed(
        a_dead_letter(
            message_id=command.id,
            type=command.type,
            routing_key="email.queue",
            body=command.model_dump_json(exclude_none=True).encode(),
        )
    )
    before = Notification.objects.get(pk=notification_id).to_mongo()
    (forecast,) = redriven(letter, dry_run=True).forecasts
    assert forecast.outcome == "would_fail"
    assert forecast.reason == f"It would fail again: {broken(version)}"
    assert Notification.objects.get(pk=notification_id).to_mongo() == before


def test_dry_run_renders_the_messages_that_it_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redrive, "FORECASTS_TOLD", 2)
    break_template()
    customer = a_reader()
    letters = failed(*(confirmation_letter(customer) for _ in range(3)))
    report = redriven(*letters, dry_run=True)
    assert (report.matched, report.rendered) == (3, 2)
    assert {each.outcome: each.messages for each in report.outcomes} == {
        "would_fail": 2,
        "would_be_handled": 1,
    }
    monkeypatch.setattr(redrive, "RENDERING_SECONDS", 0)
    assert redriven(*letters, dry_run=True).rendered == 0


# -------------------------------------------------------------------------- editing


def task_letter(**changes: Any) -> DeadLetter:
    """Return a `task.created` that the notifications could not handle."""
    data = {"task_id": "1" * 24, "title": "Cal me", "owner_id": "2" * 24, "actor_id": "2" * 24}
    event = TaskCreated(subject="1" * 24, data=TaskCreatedData(**data, assignee_id="3" * 24))
    values: dict[str, Any] = {
        "message_id": event.id,
        "routing_key": "notifications",
        "type": event.type,
        "body": event.model_dump_json(exclude_none=True).encode(),
    }
    return a_dead_letter(**values | changes)


def test_payload_is_edited_before_the_redrive(queues: Queues) -> None:
    (letter,) = failed(task_letter())
    redriven(letter, changes=json.dumps({"data": {"title": "Call me"}}), reason="A typo.")
    (message,) = queues.take("notifications", 1)
    before = json.loads(letter.body)
    assert message.event == before | {"data": before["data"] | {"title": "Call me"}}
    assert [each.act for each in stored(letter).acts] == ["edited", "redriven"]


@pytest.mark.parametrize(
    "changes",
    [
        "no json",
        "[]",
        "{}",
        '{"id": "other"}',
        '{"type": "order.cancelled"}',
        '{"source": "tidings/users"}',
        '{"subject": "444444444444444444444444"}',
        '{"correlationid": "other"}',
        '{"time": "2020-01-01T00:00:00Z"}',
        '{"data": null}',
        '{"data": []}',
        '{"data": {}}',
        '{"data": {"title": null}}',
        '{"data": {"title": ""}}',
        '{"data": {"title": "[masked]"}}',
        '{"data": {"title": "Fine", "assignee_id": "444444444444444444444444"}}',
        '{"data": {"title": "Fine", "owner_id": "444444444444444444444444"}}',
        '{"data": {"title": "Fine", "actor_id": null}}',
        '{"data": {"title": "Fine", "new": 1}}',
        '{"data": {"title": "Fine"}, "subject": "444444444444444444444444"}',
        json.dumps({"data": {"title": "x" * 201}}),
        '{"data": {"title": "\\ud800"}}',
        "[" * 9_000,
    ],
)
def test_changes_of_protected_fields_are_refused(changes: str, queues: Queues) -> None:
    (letter,) = failed(task_letter())
    with pytest.raises(ChangesRefused):
        redriven(letter, changes=changes)
    assert (state_of(letter), stored(letter).body) == ("failed", letter.body)
    assert stored(letter).acts == []
    assert queues.is_empty("notifications")


@pytest.mark.parametrize("event_class", [e for e in EVENT_CLASSES.values() if e not in EDITS])
def test_other_events_and_commands_cannot_be_edited(event_class: type[Event]) -> None:
    body = json.dumps({"type": event_class.event_type(), "data": {"user_id": "1" * 24}}).encode()
    for changes in ({"user_id": "2" * 24}, {"channel": "sms"}, {"quantity": 9}, {}):
        with pytest.raises(ChangesRefused):
            edited(body, json.dumps({"data": changes}))


def test_shipment_can_be_edited_by_the_rules_for_operators() -> None:
    data = {"order_id": "1", "customer_id": "2", "state": "shipped", "previous": "packed"}
    event = OrderStatusChanged(
        subject="1", data=OrderStatusChangedData(**data, carrier="DLH", tracking_number="1")
    )
    body = event.model_dump_json().encode()
    changes = '{"data": {"carrier": "DHL", "tracking_number": null}}'
    assert json.loads(edited(body, changes))["data"] == data | {"carrier": "DHL"}
    with pytest.raises(ChangesRefused, match="state"):
        edited(body, '{"data": {"state": "delivered"}}')


@pytest.mark.parametrize("body", [b"\xff", b"[]", b"{}", b'{"type": "no.such"}'])
def test_unreadable_payload_cannot_be_replaced(body: bytes, queues: Queues) -> None:
    (letter,) = failed(a_dead_letter(body=body))
    for content in (json.loads(task_letter().body), {"data": {"title": "x"}}):
        with pytest.raises(ChangesRefused):
            redriven(letter, changes=json.dumps(content))
    assert stored(letter).body == body
    assert queues.is_empty("inventory")


def test_only_a_failed_message_can_be_edited() -> None:
    with pytest.raises(FailedMessageNotFound):
        redriven(a_dead_letter(), changes="{}")
    (letter,) = failed(a_dead_letter())
    FailedMessage.objects(pk=letter.key).update_one(set__state="discarded")
    with pytest.raises(MessageNotWaiting):
        redriven(letter, changes="{}")


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"ids": [], "rate": 1},
        {"ids": ["0" * 24], "filter": {}},
        {"filter": {}, "changes": "{}"},
        {"ids": ["0" * 24, "1" * 24], "changes": "{}"},
        {"filter": {}, "rate": 0},
        {"filter": {}, "rate": 1001},
        {"filter": {"$where": "1"}},
        {"ids": [{"$gt": ""}]},
    ],
)
def test_ambiguous_request_is_refused(wanted: dict[str, object]) -> None:
    with pytest.raises((ValidationError, RuleRefused)):
        RedriveFailedMessages.model_validate(wanted)
