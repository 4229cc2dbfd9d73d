"""Deliveries of a batch share their round trips, and each is still sent once."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from types import SimpleNamespace

import pytest
from delivery.deliver import handler
from pymongo.errors import AutoReconnect

from tests.integration.builders import CONTEXT, Queues, a_reader, at_once
from tests.integration.delivery.watched import command, told
from tests.integration.notifications.builders import Provider, story, waiting, where
from tidings.delivery import changes, channels, claims, delivering, sending
from tidings.delivery.claims import DIED, LEASE
from tidings.delivery.delivering import BATCH_SECONDS, deliver_together
from tidings.delivery.errors import PermanentFailure, TemporaryFailure
from tidings.delivery.models import DeliveryStatus, Notification
from tidings.delivery.outgoing import OutgoingMessage, Receipt
from tidings.delivery.pace import AT_MOST, Pace
from tidings.delivery.sending import GIVEN_BACK_AFTER_SECONDS
from tidings.delivery.states import Change
from tidings.platform.errors import NotYet
from tidings.platform.messaging import relay
from tidings.platform.messaging.events import Failure
from tidings.platform.timing.clock import now


class Killed(BaseException):
    """Raised like a SIGKILL: no handler of the code runs after it."""


def in_groups_of(messages: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pace = SimpleNamespace(messages=messages, note=lambda *_: None)
    monkeypatch.setattr(sending, "pace", pace)


@pytest.fixture(autouse=True)
def one_group(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    in_groups_of(AT_MOST, monkeypatch)
    yield
    claims._in_mind.clear()


def mails(number: int) -> list[Notification]:
    return [told(a_reader()) for _ in range(number)]


def send(notifications: Sequence[Notification], at: datetime | None = None) -> list[Failure]:
    return deliver_together([command(each) for each in notifications], at)


def statuses(notifications: Sequence[Notification]) -> list[str]:
    return [where(each, "email")[0] for each in notifications]


def test_batch_is_sent_once_for_any_number_of_repetitions(provider: Provider) -> None:
    notifications = mails(5)
    for _ in range(2):
        assert send(notifications) == []
    assert sorted(provider.count) == sorted((each.id, "email") for each in notifications)
    assert [story(each, "email") for each in notifications] == [
        ["accepted", "queued", "sending", "sent"]
    ] * 5
    ids = [
        Notification.objects.get(pk=each.notification_id).deliveries["email"].provider_message_id
        for each in provider.messages
    ]
    assert ids == [f"m-{number}" for number in range(1, 6)]


def test_two_processes_with_the_same_batch_send_each_message_once(provider: Provider) -> None:
    notifications = mails(8)
    outcomes = at_once([partial(send, notifications)] * 4)
    assert set(provider.count.values()) == {1}
    assert len(provider.count) == 8
    assert statuses(notifications) == ["sent"] * 8
    for failures in outcomes:
        assert all(isinstance(each.error, NotYet) for each in failures)


def test_command_that_is_twice_in_a_batch_is_sent_once(provider: Provider) -> None:
    (notification,) = mails(1)
    (failure,) = send([notification, notification])
    assert isinstance(failure.error, NotYet)
    assert len(provider.messages) == 1
    assert send([notification]) == []
    assert len(provider.messages) == 1


def test_process_that_dies_leaves_unknown_only_what_it_had_claimed(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, notifications = now(), mails(6)
    in_groups_of(3, monkeypatch)

    def send_and_die(message: OutgoingMessage) -> Receipt:
        receipt = provider.deliver(message)
        if len(provider.messages) == 4:
            raise Killed
        return receipt

    with monkeypatch.context() as patch:
        patch.setattr(channels, "deliver", send_and_die)
        with pytest.raises(Killed):
            send(notifications, at)
    assert statuses(notifications) == ["sent"] * 3 + ["sending"] * 3
    assert send(notifications, at + LEASE) == []
    assert [where(each, "email")[:2] for each in notifications[3:]] == [("unknown", DIED)] * 3
    assert len(provider.messages) == 4


def test_message_that_fails_is_set_aside_alone(queues: Queues, provider: Provider) -> None:
    notifications = mails(4)
    relay.publish_stored()
    provider.failures = [PermanentFailure("rejected"), TemporaryFailure("throttled")]
    handler(queues.event_of("email.queue", queues.take("email.queue", 4)), CONTEXT)
    assert statuses(notifications) == ["failed", "queued", "sent", "sent"]
    assert len(provider.messages) == 2
    (dead,) = queues.take("failed-messages", 1)
    assert notifications[0].id in dead.body.decode()
    handler(waiting(queues, "email.queue"), CONTEXT)
    assert statuses(notifications) == ["failed", "sent", "sent", "sent"]
    assert len(provider.messages) == 3


def test_message_that_cannot_be_rendered_fails_alone(provider: Provider) -> None:
    notifications = mails(3)
    Notification.objects(pk=notifications[1].id).update_one(set__variables={})
    (failure,) = send(notifications)
    assert "order_id" in str(failure.error)
    assert statuses(notifications) == ["sent", "failed", "sent"]


@pytest.fixture
def unanswered(monkeypatch: pytest.MonkeyPatch) -> Callable[[DeliveryStatus, bool], None]:
    """Make MongoDB fail to answer once when this step is written, with or without the write."""

    def once(step: DeliveryStatus, taken: bool) -> None:
        honest = changes.write

        def write(wanted: Sequence[Change]) -> int:
            if all(each.transition.reached is not step for each in wanted):
                return honest(wanted)
            monkeypatch.setattr(changes, "write", honest)
            if taken:
                honest(wanted)
            raise AutoReconnect("the answer was lost")

        monkeypatch.setattr(changes, "write", write)

    return once


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("step", [DeliveryStatus.SENDING, DeliveryStatus.SENT])
def test_batch_is_sent_once_and_recorded_where_the_database_did_not_answer(
    provider: Provider,
    unanswered: Callable[[DeliveryStatus, bool], None],
    step: DeliveryStatus,
    taken: bool,
) -> None:
    notifications = mails(4)
    unanswered(step, taken)
    with pytest.raises(AutoReconnect):
        send(notifications)
    assert send(notifications) == []
    assert set(provider.count.values()) == {1}
    assert len(provider.count) == 4
    assert statuses(notifications) == ["sent"] * 4


class SlowProvider:
    """A provider that takes some seconds for a message, by a clock of its own."""

    def __init__(self, provider: Provider, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = 1_000.0
        self._provider = provider
        self._seconds = seconds
        monkeypatch.setattr(channels, "deliver", self.deliver)
        for each in (delivering, sending):
            monkeypatch.setattr(each, "time", SimpleNamespace(monotonic=lambda: self.clock))

    def deliver(self, message: OutgoingMessage) -> Receipt:
        self.clock += self._seconds
        return self._provider.deliver(message)


def test_slow_provider_lets_no_claim_get_old_and_no_batch_outlast_its_time(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowProvider(provider, seconds=9.0, monkeypatch=monkeypatch)
    in_groups_of(4, monkeypatch)
    notifications = mails(10)
    failures = send(notifications)
    assert slow.clock - 1_000 < BATCH_SECONDS + 9.0
    assert len(provider.messages) == 7
    assert set(provider.count.values()) == {1}
    assert {type(each.error) for each in failures} == {NotYet}
    assert sorted(statuses(notifications)) == ["queued"] * 3 + ["sent"] * 7
    stories = [story(each, "email") for each in notifications]
    assert ["accepted", "queued", "sending", "queued", "sending", "sent"] in stories


def test_claims_are_given_back_only_after_some_seconds(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    SlowProvider(provider, seconds=GIVEN_BACK_AFTER_SECONDS / 4, monkeypatch=monkeypatch)
    notifications = mails(4)
    assert send(notifications) == []
    assert {tuple(story(each, "email")) for each in notifications} == {
        ("accepted", "queued", "sending", "sent")
    }


@pytest.mark.parametrize(("seconds", "messages"), [(0.001, AT_MOST), (0.1, 10), (0.4, 2), (3.0, 1)])
def test_claims_are_for_about_a_second_of_sending(seconds: float, messages: int) -> None:
    pace = Pace()
    assert pace.messages == 1
    pace.note(1, seconds)
    assert pace.messages == messages
    pace.note(0, 0.0)
    assert pace.messages == messages
