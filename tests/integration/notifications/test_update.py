"""The text of notifications is changed: in the inbox, in what waits, in a push on the device."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from tests.integration.builders import a_person, a_reader, at_once
from tests.integration.notifications.builders import (
    Provider,
    some_content,
    story,
    the_notification,
    where,
)
from tests.integration.notifications.test_send import SERVICE, send
from tidings.delivery import claims, status
from tidings.delivery.delivering import deliver, deliver_together
from tidings.delivery.errors import NothingToSay, TemporaryFailure, Undeliverable
from tidings.delivery.messages import message_for
from tidings.delivery.models import Channel, Notification
from tidings.delivery.outgoing import OutgoingMessage
from tidings.delivery.push_payload import payload
from tidings.delivery.releasing import release_due_notifications
from tidings.delivery.states import command_for
from tidings.monitoring.explaining.operations import explain_notification
from tidings.notifications.creating import create_notifications
from tidings.notifications.digests import send_digests
from tidings.notifications.drafting import NotificationContent
from tidings.notifications.erasure import forget
from tidings.notifications.errors import (
    NotificationNotFound,
    NotificationRetracted,
    RevisionReused,
)
from tidings.notifications.inbox import delete_notification, mark_notification_read
from tidings.notifications.queries import get_notification_status, get_user_notifications
from tidings.notifications.retracting import retract_notification
from tidings.notifications.schemas import UpdateNotification
from tidings.notifications.updating import update_notification
from tidings.platform.context import attempting
from tidings.platform.errors import Forbidden, NotYet, RateLimited
from tidings.platform.messaging import relay
from tidings.platform.security.auth import Principal, Role
from tidings.platform.security.limits import Limit
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id, now
from tidings.templates.content import Rendered
from tidings.templates.errors import CodeTemplate, MissingVariable

OPERATOR = a_person(Role.OPERATOR)
ALL = PageRequest.model_validate({"limit": 100})


def update(
    notification_id: str,
    order_id: str,
    revision: int = 1,
    caller: Principal = OPERATOR,
    **more: Any,
) -> Any:
    variables = {"order_id": order_id, "state": "packed"}
    given = {"revision": revision, "variables": variables, **more}
    wanted = UpdateNotification.model_validate(given)
    return update_notification(notification_id, wanted, caller=caller)


def content(*channels: str) -> NotificationContent:
    return some_content(
        channels=frozenset(channels),
        template_code="order_status_update",
        variables={"order_id": "order-7", "state": "packed"},
    )


def told(reader: Principal, *channels: str) -> Notification:
    create_notifications([reader.user_id], content(*channels))
    return the_notification(reader)


def inbox(reader: Principal) -> list[Any]:
    return get_user_notifications(reader.user_id, ALL, caller=reader).items


def command(notification: Any, channel: Channel = Channel.PUSH) -> Any:
    return command_for(Notification.objects.get(pk=notification.id), channel)


def commands(notification: Notification) -> list[str]:
    """Return the channels of the commands that wait in the outbox."""
    fresh = Notification.objects.get(pk=notification.id)
    return [each.routing_key for each in fresh.outbox]


def texts(provider: Provider) -> list[str]:
    return [each.rendered.body or each.rendered.text for each in provider.messages]


@pytest.mark.parametrize("caller", [SERVICE, OPERATOR], ids=lambda each: each.role)
def test_inbox_shows_the_new_text_at_its_place(caller: Principal) -> None:
    reader = a_reader()
    sent = send(reader, notification_type="inbox")
    newer = send(reader, notification_type="inbox")
    mark_notification_read(sent.id, caller=reader)
    updated = update(sent.id, "order-changed", caller=caller, metadata={"fixed": "yes"})
    assert (updated.revision, updated.metadata) == (1, {"fixed": "yes"})
    assert updated.updated_at is not None
    first, second = inbox(reader)
    assert (first.id, first.updated_at) == (newer.id, None)
    assert "order-changed" in second.title + second.body
    assert second.updated_at == updated.updated_at
    assert second.read_at is not None
    assert get_notification_status(sent.id, caller=reader).revision == 1


@pytest.mark.parametrize("later", [None, timedelta(hours=2)], ids=["queued", "scheduled"])
def test_what_waits_gets_the_new_text(later: timedelta | None, provider: Provider) -> None:
    sent = send(a_reader(), send_at=now() + later if later else None)
    update(sent.id, "order-changed")
    release_due_notifications(now() + timedelta(hours=3))
    deliver(command(sent, Channel.EMAIL))
    assert "order-changed" in provider.messages[0].rendered.text
    assert len(provider.messages) == 1


def test_digest_lists_the_new_text(provider: Provider) -> None:
    reader, moment = a_reader(digest="daily"), now()
    sent = send(reader)
    update(sent.id, "order-changed")
    assert send_digests(moment + timedelta(days=2)) == 1
    digest = Notification.objects.get(user_id=reader.user_id, pk__ne=sent.id)
    assert "order-changed" in str(digest.variables)


def test_mail_that_has_left_stays_and_is_not_sent_again(provider: Provider) -> None:
    notification = told(a_reader(), "email", "inbox")
    deliver(command(notification, Channel.EMAIL))
    update(notification.id, "order-changed")
    deliver(command(notification, Channel.EMAIL))
    assert len(provider.messages) == 1
    assert where(notification, "email")[0] == "sent"


# ------------------------------------------------------------------------- push


def test_push_is_sent_again_and_replaces_the_first_one(provider: Provider) -> None:
    notification = told(a_reader(), "push", "inbox")
    deliver(command(notification))
    update(notification.id, "order-changed")
    again = command(notification)
    for _ in range(3):
        deliver(again)
    first, second = provider.messages
    assert "order-changed" not in first.rendered.body + first.rendered.title
    assert "order-changed" in second.rendered.body + second.rendered.title
    assert tag(first) == tag(second) == notification.id
    assert story(notification, "push")[-4:] == ["sending", "sent", "sending", "sent"]
    assert commands(notification).count("push") == 2
    update(notification.id, "order-3", 2)
    deliver(again)
    assert len(provider.messages) == 3


def tag(message: OutgoingMessage) -> str:
    """Return the id by which the device replaces a push."""
    assert message.notification_id in payload(message)
    return message.notification_id


@pytest.mark.parametrize("sees", [mark_notification_read, delete_notification])
def test_seen_push_is_not_sent_again(provider: Provider, sees: Any) -> None:
    reader = a_reader()
    notification = told(reader, "push", "inbox")
    deliver(command(notification))
    sees(notification.id, caller=reader)
    update(notification.id, "order-changed")
    deliver(command(notification))
    assert len(provider.messages) == 1
    assert where(notification, "push")[0] == "sent"


def test_push_that_is_being_sent_with_the_first_text_is_sent_again(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    notification = told(a_reader(), "push", "inbox")
    honest, again = provider.deliver, command(notification)

    def send_and_update(message: OutgoingMessage) -> Any:
        if not provider.messages:
            update(notification.id, "order-changed")
            with pytest.raises(NotYet):  # the command of the update comes too early
                deliver(again)
        return honest(message)

    monkeypatch.setattr("tidings.delivery.channels.deliver", send_and_update)
    deliver(command(notification))
    deliver(again)
    deliver(again)
    assert ["order-changed" in each for each in texts(provider)] == [False, True]


def test_text_that_changes_before_the_claim_is_the_one_that_is_sent(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message was rendered before the update; its claim fails, and the command comes again."""
    notification = told(a_reader(), "email", "inbox")
    honest = claims.take

    def update_and_take(*given: Any) -> Any:
        monkeypatch.setattr(claims, "take", honest)
        update(notification.id, "order-changed")
        return honest(*given)

    monkeypatch.setattr(claims, "take", update_and_take)
    with pytest.raises(NotYet):
        deliver(command(notification, Channel.EMAIL))
    assert provider.messages == []
    deliver(command(notification, Channel.EMAIL))
    assert ["order-changed" in each for each in texts(provider)] == [True]


def a_day() -> tuple[datetime, datetime, datetime]:
    """Return noon, 23:00, and 8:00 of the next day."""
    noon = now().replace(hour=12, minute=0)
    return noon, noon + timedelta(hours=11), noon + timedelta(hours=20)


def pushed_to_a_sleeper(at: datetime) -> Notification:
    """Push a notification to a reader who wants no push from 22:00 to 7:00."""
    reader = a_reader(quiet_hours={"start": "22:00", "end": "07:00"}, time_zone="UTC")
    create_notifications([reader.user_id], content("push", "inbox"), at=at)
    notification = the_notification(reader)
    deliver(command(notification), at)
    return notification


def test_changed_push_waits_for_the_end_of_quiet_hours(provider: Provider) -> None:
    noon, night, morning = a_day()
    notification = pushed_to_a_sleeper(noon)
    update(notification.id, "order-changed")
    deliver(command(notification), night)
    assert where(notification, "push")[:2] == ("scheduled", "quiet_hours")
    release_due_notifications(morning)
    deliver(command(notification), morning)
    assert ["order-changed" in each for each in texts(provider)] == [False, True]
    assert where(notification, "push")[0] == "sent"


def test_changed_push_whose_repetition_failed_waits_for_the_end_of_quiet_hours(
    provider: Provider,
) -> None:
    noon, night, morning = a_day()
    notification = pushed_to_a_sleeper(noon)
    update(notification.id, "order-2")
    provider.failures = [TemporaryFailure("throttled")]
    with attempting(last=True), pytest.raises(TemporaryFailure):
        deliver(command(notification), noon)
    assert where(notification, "push")[:2] == ("failed", "throttled")
    update(notification.id, "order-3", 2)
    deliver(command(notification), night)
    assert where(notification, "push")[:2] == ("scheduled", "quiet_hours")
    release_due_notifications(morning)
    deliver(command(notification), morning)
    assert ["order-3" in each for each in texts(provider)] == [False, True]
    assert where(notification, "push")[0] == "sent"


def test_changed_push_that_cannot_be_rendered_fails_alone(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first text has arrived, so the delivery stays as it is."""
    broken, other = (told(a_reader(), "push", "inbox") for _ in range(2))
    for each in (broken, other):
        deliver(command(each))
        update(each.id, "order-changed")

    def render(notification: Notification, *more: Any) -> OutgoingMessage:
        if notification.id == broken.id:
            raise MissingVariable("state")
        return message_for(notification, *more)

    monkeypatch.setattr("tidings.delivery.preparing.message_for", render)
    (failure,) = deliver_together([command(broken), command(other)])
    assert failure.event.subject == broken.id
    assert isinstance(failure.error, MissingVariable)
    assert where(broken, "push")[0] == "sent"
    assert story(other, "push")[-3:] == ["sent", "sending", "sent"]


def test_push_whose_repetition_fails_is_tried_again_and_then_failed(provider: Provider) -> None:
    notification = told(a_reader(), "push")
    deliver(command(notification))
    update(notification.id, "order-changed")
    provider.failures = [TemporaryFailure("throttled"), Undeliverable("dead_device")]
    with pytest.raises(TemporaryFailure):
        deliver(command(notification))
    assert where(notification, "push")[:2] == ("queued", "throttled")
    with attempting(last=True):
        deliver(command(notification))
    assert where(notification, "push")[:2] == ("failed", "dead_device")
    update(notification.id, "order-3", 2)
    deliver(command(notification))
    assert len(provider.messages) == 1


# ---------------------------------------------------- repetitions, order, at once


def test_repeated_update_is_one_and_an_older_one_is_ignored(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader, "push", "inbox")
    newer = update(notification.id, "order-2", 2)
    assert update(notification.id, "order-2", 2) == newer
    older = update(notification.id, "order-1", 1)
    assert (older.revision, older.updated_at) == (2, newer.updated_at)
    (shown,) = inbox(reader)
    assert "order-2" in shown.title + shown.body
    with pytest.raises(RevisionReused):
        update(notification.id, "order-other", 2)
    assert commands(notification).count("push") == 2


def test_of_updates_at_once_the_newest_stays(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader, "inbox")
    numbers = [3, 1, 8, 2, 7, 5, 4, 6]
    at_once([partial(update, notification.id, f"order-{each}", each) for each in numbers])
    (shown,) = inbox(reader)
    assert "order-8" in shown.title + shown.body
    assert get_notification_status(notification.id, caller=OPERATOR).revision == 8


def test_update_and_retraction_at_once_end_in_no_inbox() -> None:
    for _ in range(4):
        reader = a_reader()
        notification = told(reader, "inbox")

        def change(notification_id: str = notification.id) -> None:
            try:
                update(notification_id, "order-changed")
            except NotificationRetracted:
                return

        def retract(notification_id: str = notification.id) -> None:
            retract_notification(notification_id, caller=OPERATOR)

        at_once([change, retract])
        assert inbox(reader) == []
        with pytest.raises(NotificationRetracted):
            update(notification.id, "order-9", 9)


def test_interrupted_update_is_completed_by_the_next_one(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = a_reader()
    notification = told(reader, "push", "inbox")
    deliver(command(notification))

    def die(*_: Any) -> None:
        raise AutoReconnect

    with monkeypatch.context() as patch:
        patch.setattr(status, "forget", die)
        with pytest.raises(AutoReconnect):
            update(notification.id, "order-changed")
    assert update(notification.id, "order-changed").revision == 1
    assert "push" in commands(notification)  # stored with the text, so it is not lost
    relay.publish_stored()
    deliver(command(notification))
    assert ["order-changed" in each for each in texts(provider)] == [False, True]


# ----------------------------------------------------------------------- refusals


def test_only_sender_and_operators_update() -> None:
    reader = a_reader()
    sent = send(reader, notification_type="inbox")
    before = inbox(reader)
    with pytest.raises(NotificationNotFound):
        update(sent.id, "order-x", caller=a_person(Role.SERVICE))
    with pytest.raises(Forbidden):
        update(sent.id, "order-x", caller=reader)
    with pytest.raises(NotificationNotFound):
        update(new_id(), "order-x")
    assert inbox(reader) == before
    forget(reader.user_id)
    with pytest.raises(NotificationNotFound):
        update(sent.id, "order-x", caller=SERVICE)


def test_variables_that_do_not_fit_change_nothing() -> None:
    reader = a_reader()
    sent = send(reader, notification_type="inbox")
    before = inbox(reader)
    with pytest.raises(MissingVariable):
        update_notification(sent.id, UpdateNotification(revision=1, variables={}), caller=OPERATOR)
    assert inbox(reader) == before


def test_code_is_not_changed() -> None:
    reader = a_reader()
    code = some_content(
        channels=frozenset({"email"}),
        category="account",
        template_code="user_registered",
        variables={"email": "ada@example.com", "verification_code": "ABCDE12345"},
        carries_code=True,
    )
    create_notifications([reader.user_id], code)
    with pytest.raises(CodeTemplate):
        update(the_notification(reader).id, "order-x")


def test_text_for_each_channel_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    notification = told(a_reader(), "push", "inbox")
    with monkeypatch.context() as patch:
        rendered = Rendered(language="en", inbox_title="Hello")
        patch.setattr("tidings.notifications.updating._rendered", lambda *_: rendered)
        with pytest.raises(NothingToSay):
            update(notification.id, "order-x")


def test_updates_count_as_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = send(a_reader(), notification_type="inbox")

    def refuse(*_: Any) -> None:
        raise RateLimited(30)

    monkeypatch.setattr(Limit, "take_if_counted", refuse)
    with pytest.raises(RateLimited):
        update(sent.id, "order-x")


def test_explanation_tells_it(provider: Provider) -> None:
    notification = told(a_reader(), "push", "inbox")
    deliver(command(notification))
    update(notification.id, "order-changed")
    deliver(command(notification))
    steps = explain_notification(notification.id, caller=OPERATOR).steps
    assert "notification.updated" in {each.code for each in steps}
    by = [each.function for each in steps if each.channel == "push"]
    assert set(by[1:]) == {"deliver-push"}


def test_notification_of_an_older_release_is_updated(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader, "push", "inbox")
    deliver(command(notification))
    fields = dict.fromkeys(("revision", "updated_at", "deliveries.push.revision"), 1)
    Notification._get_collection().update_one({"_id": notification.id}, {"$unset": fields})
    assert inbox(reader)[0].updated_at is None
    update(notification.id, "order-changed")
    deliver(command(notification))
    assert len(provider.messages) == 2
