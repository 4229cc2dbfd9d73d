"""Notifications are taken back: out of the inbox, and not sent if they still wait."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from tests.integration.builders import a_person, a_reader, at_once
from tests.integration.notifications.builders import story, the_notification, where
from tests.integration.notifications.test_send import SERVICE, send
from tidings.delivery import status
from tidings.delivery.delivering import deliver
from tidings.delivery.errors import TemporaryFailure
from tidings.delivery.models import Channel, Notification
from tidings.delivery.releasing import release_due_notifications
from tidings.delivery.states import command_for
from tidings.monitoring.explaining.operations import explain_notification
from tidings.notifications.cancelling import cancel_notification
from tidings.notifications.digests import send_digests
from tidings.notifications.erasure import forget
from tidings.notifications.errors import NotificationNotFound, TooLateToCancel
from tidings.notifications.inbox import unarchive_notification
from tidings.notifications.queries import (
    get_notification_status,
    get_unread_count,
    get_user_notifications,
)
from tidings.notifications.retracting import retract_notification
from tidings.platform.errors import Forbidden
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id, now

OPERATOR = a_person(Role.OPERATOR)
ALL = PageRequest.model_validate({"limit": 100})


def retract(notification_id: str, caller: Principal = SERVICE) -> Any:
    return retract_notification(notification_id, caller=caller)


def inbox(reader: Principal) -> list[str]:
    return [each.id for each in get_user_notifications(reader.user_id, ALL, caller=reader).items]


def command(notification_id: str) -> Any:
    return command_for(Notification.objects.get(pk=notification_id), Channel.EMAIL)


@pytest.mark.parametrize("caller", [SERVICE, OPERATOR], ids=lambda each: each.role)
def test_retracted_notification_leaves_the_inbox(caller: Principal) -> None:
    reader = a_reader()
    kept = send(reader, notification_type="inbox")
    sent = send(reader, notification_type="inbox")
    retracted = retract(sent.id, caller)
    assert retracted.retracted_at is not None
    assert inbox(reader) == [kept.id]
    assert get_unread_count(reader.user_id, caller=reader) == 1
    with pytest.raises(NotificationNotFound):
        unarchive_notification(sent.id, caller=reader)
    shown = get_notification_status(sent.id, caller=reader)
    assert shown.retracted_at == retracted.retracted_at


@pytest.mark.parametrize("later", [None, timedelta(hours=2)], ids=["queued", "scheduled"])
def test_what_waits_is_cancelled(later: timedelta | None, provider: Any) -> None:
    sent = send(a_reader(), send_at=now() + later if later else None)
    waiting = command(sent.id)
    (email,) = retract(sent.id).deliveries
    assert email.status == "cancelled"
    release_due_notifications(now() + timedelta(hours=3))
    deliver(waiting)
    assert provider.messages == []


def test_scheduled_message_never_shows_in_the_inbox() -> None:
    reader = a_reader()
    sent = send(reader, notification_type="inbox", send_at=now() + timedelta(hours=2))
    retract(sent.id)
    release_due_notifications(now() + timedelta(hours=3))
    assert inbox(reader) == []


def test_retracted_message_is_in_no_digest(provider: Any) -> None:
    reader, moment = a_reader(digest="daily"), now()
    sent = send(reader)
    assert where(the_notification(reader), "email")[:2] == ("scheduled", "digest")
    retract(sent.id)
    assert send_digests(moment + timedelta(days=2)) == 0
    assert provider.messages == []


def test_mail_that_has_left_cannot_be_taken_back_and_the_status_says_so(provider: Any) -> None:
    sent = send(a_reader())
    deliver(command(sent.id))
    with pytest.raises(TooLateToCancel):
        cancel_notification(sent.id, caller=SERVICE)
    retracted = retract(sent.id)
    assert retracted.retracted_at is not None
    assert [each.status for each in retracted.deliveries] == ["sent"]
    assert len(provider.messages) == 1


def test_message_retracted_while_it_is_sent_is_not_tried_again(provider: Any) -> None:
    sent = send(a_reader())
    waiting = command(sent.id)

    def fail_and_retract(_: Any) -> None:
        retract(sent.id)
        raise TemporaryFailure("timeout", "the server did not answer")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tidings.delivery.channels.deliver", fail_and_retract)
        with pytest.raises(TemporaryFailure):
            deliver(waiting)
    deliver(waiting)
    assert provider.messages == []
    notification = Notification.objects.get(pk=sent.id)
    assert where(notification, "email")[:2] == ("suppressed", "retracted")
    assert story(notification, "email")[-3:] == ["sending", "queued", "suppressed"]


def test_repeated_and_concurrent_retractions_are_one() -> None:
    sent = send(a_reader(), notification_type="inbox")
    answers = at_once([partial(retract, sent.id)] * 10)
    assert len({each.retracted_at for each in answers}) == 1
    assert retract(sent.id, OPERATOR) == answers[0]


def test_interrupted_retraction_is_completed_by_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = a_reader()
    sent = send(reader, notification_type="inbox")

    def die(*_: Any) -> None:
        raise AutoReconnect

    with monkeypatch.context() as patch:
        patch.setattr(status, "forget", die)
        with pytest.raises(AutoReconnect):
            retract(sent.id)
    assert retract(sent.id).retracted_at is not None
    assert inbox(reader) == []


def test_only_sender_and_operators_retract() -> None:
    reader = a_reader()
    sent = send(reader, notification_type="inbox")
    with pytest.raises(NotificationNotFound):
        retract(sent.id, a_person(Role.SERVICE))
    with pytest.raises(Forbidden):
        retract(sent.id, reader)
    with pytest.raises(NotificationNotFound):
        retract(new_id(), OPERATOR)
    assert inbox(reader) == [sent.id]


def test_erased_notification_is_not_found() -> None:
    reader = a_reader()
    sent = send(reader, notification_type="inbox")
    forget(reader.user_id)
    with pytest.raises(NotificationNotFound):
        retract(sent.id)


def test_explanation_tells_it() -> None:
    sent = send(a_reader(), notification_type="inbox")
    retract(sent.id)
    told = explain_notification(sent.id, caller=OPERATOR)
    assert "notification.retracted" in {each.code for each in told.steps}
    assert "removed_from_inbox" not in {each.code for each in told.notes}
