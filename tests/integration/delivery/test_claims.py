"""Tests of a crash between sending and recording, and of a database that does not answer."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from tests.integration.builders import a_reader, at_once
from tests.integration.delivery.watched import command, told
from tests.integration.notifications.builders import (
    Provider,
    where,
)
from tidings.delivery import changes, channels, claims, preparing
from tidings.delivery.claims import DIED, LEASE, settle_lost_claims
from tidings.delivery.delivering import deliver
from tidings.delivery.errors import (
    TemporaryFailure,
)
from tidings.delivery.events import DeliverNotification
from tidings.delivery.messages import message_for
from tidings.delivery.models import DeliveryStatus, Notification
from tidings.delivery.outgoing import OutgoingMessage, Receipt
from tidings.delivery.releasing import release_due_notifications
from tidings.delivery.states import Change
from tidings.delivery.status import status_of
from tidings.platform.errors import NotYet
from tidings.platform.timing.clock import now
from tidings.users.models import User

LOST = AutoReconnect("the answer was lost")
SECOND = timedelta(seconds=1)


class Killed(BaseException):
    """Raised like a SIGKILL: no handler of the code runs after it."""


def die_after_sending(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    def send_and_die(message: OutgoingMessage) -> Receipt:
        provider.messages.append(message)
        raise Killed

    monkeypatch.setattr(channels, "deliver", send_and_die)


def test_crash_between_sending_and_recording_leaves_unknown(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, notification = now(), told(a_reader())
    with monkeypatch.context() as patch:
        die_after_sending(provider, patch)
        with pytest.raises(Killed):
            deliver(command(notification), at)
    with pytest.raises(NotYet):
        deliver(command(notification), at + LEASE - SECOND)
    deliver(command(notification), at + LEASE)
    assert where(notification, "email")[:2] == ("unknown", DIED)
    deliver(command(notification), at + LEASE + SECOND)
    assert len(provider.messages) == 1


def test_channel_that_detects_repetitions_is_sent_again(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = a_reader(orders={"webhook": True})
    User.objects(pk=reader.user_id).update(
        set__webhook_url="https://example.com/hook", set__webhook_id="hook-1"
    )
    at, notification = now(), told(reader, channels=frozenset({"webhook"}))
    with monkeypatch.context() as patch:
        die_after_sending(provider, patch)
        with pytest.raises(Killed):
            deliver(command(notification, "webhook"), at)
    at_once([partial(_quietly, command(notification, "webhook"), at + LEASE)] * 4)
    assert len(provider.messages) == 2
    assert where(notification, "webhook")[0] == "sent"


# ----------------------------------------------------- a database that does not answer


@pytest.fixture
def unanswered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Make MongoDB fail to answer once when a step is recorded, with or without the write."""

    def once(step: DeliveryStatus, *, taken: bool, answer: Exception | None = LOST) -> None:
        honest = changes.write

        def write(wanted: Sequence[Change]) -> int:
            if all(each.transition.reached is not step for each in wanted):
                return honest(wanted)
            monkeypatch.setattr(changes, "write", honest)
            if taken:
                honest(wanted)
            if answer is not None:
                raise answer
            return 0

        monkeypatch.setattr(changes, "write", write)

    yield once
    claims._in_mind.clear()


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("step", [DeliveryStatus.SENDING, DeliveryStatus.SENT])
def test_mail_is_sent_once_and_recorded_where_the_database_did_not_answer(
    provider: Provider, unanswered: Callable[..., None], step: DeliveryStatus, taken: bool
) -> None:
    """A running process knows whether it sent, so no delivery becomes `unknown`."""
    notification = told(a_reader())
    unanswered(step, taken=taken)
    with pytest.raises(AutoReconnect):
        deliver(command(notification))
    for _ in range(2):
        deliver(command(notification))
    assert len(provider.messages) == 1
    assert where(notification, "email")[0] == "sent"
    assert status_of(notification.id).deliveries[0].provider_message_id == "m-1"  # type: ignore[union-attr]


@pytest.mark.parametrize("taken", [True, False])
def test_refused_mail_is_sent_again_where_the_refusal_was_not_recorded(
    provider: Provider, unanswered: Callable[..., None], taken: bool
) -> None:
    notification = told(a_reader())
    provider.failures = [TemporaryFailure("throttled")]
    unanswered(DeliveryStatus.QUEUED, taken=taken)
    with pytest.raises(AutoReconnect):
        deliver(command(notification))
    deliver(command(notification))
    assert len(provider.messages) == 1
    assert where(notification, "email")[0] == "sent"


def test_unrecorded_message_that_may_have_been_sent_is_not_sent_again(
    provider: Provider, unanswered: Callable[..., None]
) -> None:
    at, notification = now(), told(a_reader())
    provider.failures = [TemporaryFailure("timeout", maybe_sent=True)]
    unanswered(DeliveryStatus.UNKNOWN, taken=False)
    with pytest.raises(AutoReconnect):
        deliver(command(notification), at)
    with pytest.raises(NotYet):
        deliver(command(notification), at)
    deliver(command(notification), at + LEASE)
    assert (provider.messages, where(notification, "email")[0]) == ([], "unknown")


def test_claim_that_the_driver_repeated_is_ours(
    provider: Provider, unanswered: Callable[..., None]
) -> None:
    """A MongoDB that restarted in between does not know that it accepted the first write."""
    notification = told(a_reader())
    unanswered(DeliveryStatus.SENDING, taken=True, answer=None)
    deliver(command(notification))
    assert len(provider.messages) == 1
    assert where(notification, "email")[0] == "sent"


def test_claim_of_another_process_is_awaited(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its acknowledged command, nothing would look at the delivery of a crashed process."""
    notification = told(a_reader())
    render = message_for

    def another_is_faster(*arguments: Any) -> Any:
        place = "deliveries.email"
        change = {f"{place}.status": "sending", f"{place}.claimed_at": now()}
        Notification._get_collection().update_one({"_id": notification.id}, {"$set": change})
        return render(*arguments)

    monkeypatch.setattr(preparing, "message_for", another_is_faster)
    with pytest.raises(NotYet):
        deliver(command(notification))
    assert provider.messages == []


def claimed_and_lost(channel: str, at: datetime) -> Notification:
    """Return a delivery claimed by a crashed process; its command does not return."""
    reader = a_reader(orders={"webhook": True})
    User.objects(pk=reader.user_id).update(
        set__webhook_url="https://example.com/hook", set__webhook_id="hook-1"
    )
    notification = told(reader, channels=frozenset({channel}))
    place = f"deliveries.{channel}"
    change = {
        f"{place}.status": "sending",
        f"{place}.claimed_at": at,
        "next_due_at": at + LEASE,
    }
    Notification._get_collection().update_one({"_id": notification.id}, {"$set": change})
    Notification.objects(pk=notification.id).update_one(set__outbox=[])
    return notification


def test_lost_claim_is_settled_without_its_command(provider: Provider) -> None:
    at = now()
    mail, call = claimed_and_lost("email", at), claimed_and_lost("webhook", at)
    assert settle_lost_claims(at + LEASE - SECOND) == 0
    assert release_due_notifications(at + LEASE) == 0
    assert where(mail, "email")[:2] == ("unknown", DIED)
    assert where(call, "webhook")[:2] == ("queued", DIED)
    assert settle_lost_claims(at + LEASE) == 0
    deliver(command(call, "webhook"), at + LEASE)
    deliver(command(mail), at + LEASE)
    assert [each.channel for each in provider.messages] == ["webhook"]


@pytest.mark.usefixtures("unpublished")
def test_lost_claim_is_queued_with_one_command_for_any_number_of_checks() -> None:
    at = now()
    call = claimed_and_lost("webhook", at)
    assert sum(at_once([partial(settle_lost_claims, at + LEASE)] * 4)) == 1
    (entry,) = Notification.objects.get(pk=call.id).outbox
    assert entry.routing_key == "webhook"


def test_code_of_a_lost_claim_is_erased() -> None:
    at = now()
    mail = claimed_and_lost("email", at)
    Notification.objects(pk=mail.id).update_one(set__carries_code=True)
    settle_lost_claims(at + LEASE)
    assert Notification.objects.get(pk=mail.id).variables == {}


def _quietly(command_: DeliverNotification, at: Any) -> None:
    try:
        deliver(command_, at)
    except NotYet:
        return
