"""Callbacks of services: each final status once, signed, retried, without stopping others."""

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple

import pytest
from delivery import report_statuses
from users import set_service_callback as command

from tests.integration.builders import CONTEXT, Queues, a_reader, at_once
from tests.integration.delivery import watched
from tests.integration.delivery.servers import Certificate, Receiver, public_receiver
from tests.integration.notifications.builders import Provider, waiting
from tidings.delivery.callbacks import report_status
from tidings.delivery.channels.webhook import signature
from tidings.delivery.delivering import deliver
from tidings.delivery.errors import TemporaryFailure
from tidings.delivery.events import (
    NotificationDelivered,
    NotificationFailed,
    ReportStatus,
    ReportStatusData,
)
from tidings.delivery.models import Notification
from tidings.delivery.releasing import release_due_notifications
from tidings.notifications.cancelling import cancel_notification
from tidings.notifications.digests import send_digests
from tidings.notifications.notifying import notify
from tidings.notifications.schemas import SendNotification
from tidings.notifications.send_api import send_notification
from tidings.platform.context import attempting
from tidings.platform.errors import NotYet
from tidings.platform.providers import breaker, https
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id, now
from tidings.users.errors import ServiceNotFound, UncallableUrl
from tidings.users.schemas import CreateService, SetServiceCallback
from tidings.users.service_callbacks import set_service_callback
from tidings.users.services import create_service, get_services, revoke_service
from tidings.users.simulated import Outcome, person_id

HOOK = "https://shop.example/statuses"


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def url(
    receiver: Receiver, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    with public_receiver(receiver, certificate, monkeypatch) as address:
        yield address


class Sender(NamedTuple):
    """A service with a callback, and the secret that verifies it."""

    caller: Principal
    secret: str


def a_sender(url: str = HOOK) -> Sender:
    client_id = create_service(CreateService(name="Shop")).client_id
    made = set_service_callback(SetServiceCallback(client_id=client_id, url=url))
    assert made.secret is not None
    return Sender(Principal(user_id=client_id, role=Role.SERVICE), made.secret)


def send(sender: Sender, user_id: str, channel: str = "email", **more: Any) -> Notification:
    wanted = {
        "notification_type": channel,
        "user_id": user_id,
        "template_code": "order_status_update",
        "variables": {"order_id": "7", "state": "packed"},
        "request_id": "packing-7",
    }
    request = SendNotification.model_validate(wanted | more)
    accepted = send_notification(request, caller=sender.caller)
    notification: Notification = Notification.objects.get(pk=accepted.id)
    return notification


def reports_of(notification: Notification) -> list[ReportStatus]:
    """Return the reports that wait in the outbox of a notification."""
    fresh = Notification.objects.get(pk=notification.id)
    return [
        ReportStatus.model_validate_json(each.body)
        for each in fresh.outbox
        if each.type == "status.report"
    ]


def told(notification: Notification) -> list[tuple[str, str | None]]:
    return [(each.data.status, each.data.reason) for each in reports_of(notification)]


def a_report(sender: Sender) -> ReportStatus:
    data = {
        "notification_id": new_id(),
        "service_id": sender.caller.user_id,
        "request_id": "packing-7",
        "channel": "email",
        "status": "delivered",
        "at": now(),
    }
    return ReportStatus(subject=new_id(), data=ReportStatusData.model_validate(data))


# ------------------------------------------------------------ what is reported, and when


def test_report_is_stored_with_each_final_status(provider: Provider) -> None:
    notification = send(a_sender(), a_reader().user_id)
    assert told(notification) == []
    deliver(watched.command(notification))
    assert told(notification) == [("sent", None)]
    notify(watched.report(NotificationDelivered, notification))
    notify(watched.report(NotificationDelivered, notification))
    notify(watched.report(NotificationFailed, notification, reason="complaint"))
    assert told(notification) == [("sent", None), ("delivered", None), ("failed", "complaint")]
    ids = [each.id for each in reports_of(notification)]
    assert len(set(ids)) == 3
    assert [each.data.request_id for each in reports_of(notification)] == ["packing-7"] * 3


def test_permanent_failure_has_its_event_and_its_report() -> None:
    notification = send(a_sender(), person_id(Outcome.BOUNCES), "push")
    deliver(watched.command(notification, "push"))
    assert told(notification) == [("failed", "dead_device")]
    types = [each.type for each in Notification.objects.get(pk=notification.id).outbox]
    assert "notification.failed" in types


def test_message_that_is_never_sent_is_reported() -> None:
    sender = a_sender()
    switched_off = send(sender, a_reader(orders={"email": False}).user_id)
    assert told(switched_off) == [("suppressed", "preferences")]


def test_inbox_and_cancellation_are_reported() -> None:
    sender, reader = a_sender(), a_reader()
    assert told(send(sender, reader.user_id, "inbox")) == [("delivered", None)]
    later = (now() + timedelta(hours=2)).isoformat()
    cancelled = send(sender, reader.user_id, "inbox", request_id="b", send_at=later)
    for _ in range(2):
        cancel_notification(cancelled.id, caller=sender.caller)
    assert told(cancelled) == [("cancelled", None)]


def test_released_message_is_reported() -> None:
    later = now() + timedelta(hours=2)
    notification = send(a_sender(), a_reader().user_id, "inbox", send_at=later.isoformat())
    assert told(notification) == []
    release_due_notifications(later + timedelta(minutes=1))
    # The job publishes what it stored.
    assert told(notification) in ([], [("delivered", None)])
    assert Notification.objects.get(pk=notification.id).in_inbox


def test_message_in_a_digest_is_reported(unpublished: None) -> None:
    notification = send(a_sender(), a_reader(digest="daily").user_id)
    assert send_digests(now() + timedelta(days=2)) == 1
    ((status, reason),) = told(notification)
    assert status == "suppressed"
    assert str(reason).startswith("in digest")


def test_retries_are_not_reported() -> None:
    notification = send(a_sender(), person_id(Outcome.RECOVERS), "push")
    for _ in range(2):
        with pytest.raises(TemporaryFailure):
            deliver(watched.command(notification, "push"))
    assert told(notification) == []
    deliver(watched.command(notification, "push"))
    assert told(notification) == [("sent", None)]


def test_messages_of_others_are_not_reported(provider: Provider) -> None:
    plain = create_service(CreateService(name="Shop")).client_id
    sender = Sender(Principal(user_id=plain, role=Role.SERVICE), "")
    notification = send(sender, a_reader().user_id)
    deliver(watched.command(notification))
    assert told(notification) == []
    stored = Notification._get_collection().find_one({"_id": notification.id})
    assert "callback_to" not in stored


# ---------------------------------------------------------------------------- the call


def test_call_can_be_verified_and_has_one_id(url: str, receiver: Receiver) -> None:
    sender = a_sender(url)
    report = a_report(sender)
    for _ in range(2):
        report_status(report)
    first, second = receiver.requests
    for _, headers, body in (first, second):
        assert headers["webhook-id"] == report.id
        key = b64decode(sender.secret.removeprefix("whsec_"))
        assert headers["webhook-signature"] == signature(key, headers, body)
    assert json.loads(first[2]) == {
        "type": "notification.status",
        "notification_id": report.data.notification_id,
        "request_id": "packing-7",
        "channel": "email",
        "status": "delivered",
        "reason": None,
        "at": report.data.at.isoformat(),
        "simulated": False,
    }


@pytest.mark.parametrize("status", [500, 503, 429])
def test_receiver_that_fails_is_called_again(url: str, receiver: Receiver, status: int) -> None:
    receiver.status = status
    report = a_report(a_sender(url))
    with pytest.raises(TemporaryFailure):
        report_status(report)
    receiver.status = 200
    report_status(report)
    assert len(receiver.requests) == 2


def test_receiver_that_always_fails_is_given_up_without_a_failed_message(
    url: str, receiver: Receiver
) -> None:
    receiver.status = 500
    with attempting(last=True):
        report_status(a_report(a_sender(url)))
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [400, 404, 410, 307])
def test_receiver_that_refuses_is_not_called_again(
    url: str, receiver: Receiver, status: int
) -> None:
    receiver.status = status
    report_status(a_report(a_sender(url)))
    assert len(receiver.requests) == 1


def test_receiver_that_keeps_failing_does_not_stop_others(url: str, receiver: Receiver) -> None:
    broken, healthy = a_sender(url), a_sender(f"{url}&other=1")
    receiver.status = 500
    for _ in range(breaker.FAILURES):
        with pytest.raises(TemporaryFailure):
            report_status(a_report(broken))
    with pytest.raises(NotYet):
        report_status(a_report(broken))
    receiver.status = 200
    report_status(a_report(healthy))


def test_receiver_that_hangs_is_left(
    url: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def hang(_: BaseHTTPRequestHandler) -> None:
        released.wait(60)

    receiver.instead = hang
    monkeypatch.setattr(https, "ANSWER_SECONDS", 0.3)
    with pytest.raises(TemporaryFailure) as failed:
        report_status(a_report(a_sender(url)))
    released.set()
    assert failed.value.reason in {"timeout", "unavailable"}


def test_consumer_calls_the_receiver(url: str, receiver: Receiver, queues: Queues) -> None:
    receiver.status = 503
    notification = send(a_sender(url), a_reader().user_id, "inbox")
    (report,) = reports_of(notification)
    body = report.model_dump_json(exclude_none=True)
    queues.channel.basic_publish("notifications.direct", "callbacks", body.encode())
    report_statuses.handler(
        queues.event_of("callbacks.queue", queues.take("callbacks.queue", 1)), CONTEXT
    )
    receiver.status = 200
    report_statuses.handler(waiting(queues, "callbacks.queue"), CONTEXT)
    assert [headers["webhook-id"] for _, headers, _ in receiver.requests] == [report.id] * 2


# ---------------------------------------------------------------------- registration


def test_url_is_checked_as_for_webhooks() -> None:
    client_id = create_service(CreateService(name="Shop")).client_id
    for bad in ("http://shop.example/x", "https://localhost/x", "https://10.0.0.1/x"):
        with pytest.raises((UncallableUrl, ValueError)):
            SetServiceCallback.model_validate({"client_id": client_id, "url": bad})
    with pytest.raises(ServiceNotFound):
        set_service_callback(SetServiceCallback(client_id=new_id(), url=HOOK))


def test_secret_is_shown_once_and_new_for_a_new_url() -> None:
    sender = a_sender()
    again = command.handler({"client_id": sender.caller.user_id, "url": HOOK}, CONTEXT)
    assert again == {"client_id": sender.caller.user_id, "url": HOOK, "secret": None}
    other = SetServiceCallback(client_id=sender.caller.user_id, url=f"{HOOK}/2")
    assert set_service_callback(other).secret not in {None, sender.secret}
    assert get_services()[0].callback_url == f"{HOOK}/2"


def test_one_of_two_changes_at_once_wins_with_its_secret() -> None:
    sender = a_sender()
    wanted = [
        SetServiceCallback(client_id=sender.caller.user_id, url=f"{HOOK}/{number}")
        for number in range(6)
    ]
    made = at_once([partial(set_service_callback, each) for each in wanted])
    last = get_services()[0].callback_url
    assert last in {each.url for each in made}


def test_removed_callback_and_revoked_service_are_not_called(url: str, receiver: Receiver) -> None:
    sender, revoked = a_sender(url), a_sender(url)
    set_service_callback(SetServiceCallback(client_id=sender.caller.user_id))
    revoke_service(revoked.caller.user_id)
    for each in (sender, revoked):
        report_status(a_report(each))
    assert receiver.requests == []
