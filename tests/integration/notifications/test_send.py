"""Tests of the send API: accepted once, from permitted callers, with existing templates."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.integration.builders import a_person, a_reader, a_redis_that_is_away, at_once
from tests.integration.notifications.builders import the_notification, where
from tidings.delivery.delivering import deliver
from tidings.delivery.errors import NothingToSay
from tidings.delivery.models import Channel, Notification
from tidings.delivery.states import command_for
from tidings.notifications import accepting, send_api
from tidings.notifications.cancelling import cancel_notification
from tidings.notifications.digests import send_digests
from tidings.notifications.errors import (
    NotificationNotFound,
    RequestIdReused,
    SendAtOutOfRange,
    TooLateToCancel,
    UnknownRecipient,
    UnknownTemplate,
)
from tidings.notifications.models import SendRequest
from tidings.notifications.queries import get_notification_status, get_user_notifications
from tidings.notifications.schemas import AcceptedNotification, SendNotification
from tidings.notifications.send_api import send_notification
from tidings.platform.caching import cache
from tidings.platform.context import correlated
from tidings.platform.errors import Forbidden, RateLimited, TidingsError
from tidings.platform.inputs.parsing import InvalidFields, parsed
from tidings.platform.security import store
from tidings.platform.security.auth import Principal, Role
from tidings.platform.settings import settings
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id, now
from tidings.templates.errors import MissingVariable
from tidings.templates.operations import create_template
from tidings.templates.schemas import CreateTemplate

OPERATOR = a_person(Role.OPERATOR)
SERVICE = a_person(Role.SERVICE)
ALL = PageRequest.model_validate({"limit": 100})


def wanted(reader: Principal, **more: Any) -> SendNotification:
    return SendNotification.model_validate(
        {
            "notification_type": "email",
            "user_id": reader.user_id,
            "template_code": "order_status_update",
            "variables": {"order_id": "7", "state": "packed"},
            "request_id": new_id(),
        }
        | more
    )


def send(reader: Principal, caller: Principal = SERVICE, **more: Any) -> AcceptedNotification:
    return send_notification(wanted(reader, **more), caller=caller)


# -------------------------------------------------------------------- accepted


@pytest.mark.parametrize("caller", [OPERATOR, SERVICE, a_person(Role.ADMIN)], ids=lambda c: c.role)
def test_accepted_message_is_queued(caller: Principal) -> None:
    reader = a_reader(language="de")
    with correlated("request-7"):
        accepted = send(reader, caller, request_id="packing-7", metadata={"station": "4"})
    assert (accepted.status, accepted.request_id) == ("accepted", "packing-7")
    told = get_notification_status(accepted.id, caller=caller)
    assert (told.template_code, told.template_version) == ("order_status_update", 1)
    assert (told.language, told.priority, told.category) == ("de", "normal", "orders")
    assert (told.correlation_id, told.metadata) == ("request-7", {"station": "4"})
    (email,) = told.deliveries
    assert [each.status for each in email.steps] == ["accepted", "queued"]
    (entry,) = Notification.objects.get(pk=accepted.id).outbox
    assert (entry.routing_key, entry.correlation_id) == ("email", "request-7")


@pytest.mark.parametrize(
    ("channel", "routing_key"), [("email", "email.urgent"), ("push", "push.urgent")]
)
def test_urgent_message_uses_the_urgent_queue(channel: str, routing_key: str) -> None:
    accepted = send(a_reader(), notification_type=channel, priority="urgent")
    (entry,) = Notification.objects.get(pk=accepted.id).outbox
    assert entry.routing_key == routing_key


@pytest.mark.parametrize(
    ("number", "priority"),
    [(0, "normal"), (1, "normal"), (4, "normal"), (5, "urgent"), (9, "urgent")],
)
def test_priority_is_also_a_number(number: int, priority: str) -> None:
    reader, request_id = a_reader(), new_id()
    first = send(reader, priority=number, request_id=request_id)
    assert Notification.objects.get(pk=first.id).priority == priority
    assert send(reader, priority=priority, request_id=request_id) == first  # the same content


@pytest.mark.parametrize("value", [-1, 10, 1.5, "1", True, "high", None, [1]])
def test_other_priorities_are_refused(value: object) -> None:
    with pytest.raises(InvalidFields) as refused:
        parsed(SendNotification, wanted(a_reader()).model_dump() | {"priority": value})
    assert refused.value.faults[0].place == ("priority",)


def test_message_to_the_inbox_is_nowhere_else() -> None:
    reader = a_reader()
    accepted = send(reader, notification_type="inbox")
    (shown,) = get_user_notifications(reader.user_id, ALL, caller=reader).items
    assert shown.id == accepted.id
    assert Notification.objects.get(pk=accepted.id).outbox == []


def test_preferences_apply_to_sent_messages() -> None:
    reader = a_reader(orders={"email": False})
    accepted = send(reader)
    notification = Notification.objects.get(pk=accepted.id)
    assert where(notification, "email")[:2] == ("suppressed", "preferences")


def a_template(category: str | None) -> str:
    words = {"email": {"subject": "Hello", "html": "<p>Hello</p>", "text": "Hello"}}
    new = {"code": f"own_{category or 'plain'}", "category": category}
    variants = [{"language": "en", **words}]
    template = CreateTemplate.model_validate(new | {"variants": variants})
    return create_template(template, caller=OPERATOR).code


@pytest.mark.parametrize(
    ("category", "wakes"),
    [(None, False), ("promotions", False), ("stock", False), ("account", True)],
)
def test_urgent_message_of_an_own_template_passes_quiet_hours_for_the_account_only(
    category: str | None, wakes: bool
) -> None:
    quiet = {"start": "22:00", "end": "07:00"}
    reader = a_reader(quiet_hours=quiet, promotions={"email": True})
    night = now().replace(hour=23, minute=0)
    request = wanted(reader, template_code=a_template(category), variables={}, priority="urgent")
    accepted = send_notification(request, caller=SERVICE, at=night)
    status, reason, _ = where(Notification.objects.get(pk=accepted.id), "email")
    assert (status, reason) == (("queued", None) if wakes else ("scheduled", "quiet_hours"))


@pytest.mark.parametrize(
    ("category", "status"),
    [
        (None, "queued"),
        ("promotions", "suppressed"),
        ("orders", "queued"),
        ("account", "queued"),
    ],
)
def test_own_template_uses_its_categorys_preference(category: str | None, status: str) -> None:
    accepted = send(a_reader(), template_code=a_template(category), variables={})
    notification = Notification.objects.get(pk=accepted.id)
    assert where(notification, "email")[0] == status
    assert notification.category == (category or "orders")
    assert notification.transactional == (category == "account")


def test_reader_sees_the_status_without_the_senders_data() -> None:
    reader = a_reader()
    accepted = send(reader, metadata={"score": "low"})
    assert get_notification_status(accepted.id, caller=reader).metadata == {}
    with pytest.raises(NotificationNotFound):
        get_notification_status(accepted.id, caller=a_person())


def test_query_operators_in_values_are_values() -> None:
    odd = {"$gt": "", "a.b": {"$set": 1}}
    accepted = send(a_reader(), variables={"order_id": "7", "state": "packed", "odd": odd})
    assert Notification.objects.get(pk=accepted.id).variables["odd"] == odd


# ------------------------------------------------------------------------ once


def test_repeated_request_gets_the_same_answer_and_sends_nothing() -> None:
    reader = a_reader()
    request = wanted(reader)
    first = send_notification(request, caller=SERVICE)
    assert send_notification(request, caller=SERVICE) == first
    assert Notification.objects.count() == 1


def test_order_of_fields_in_a_body_makes_no_difference() -> None:
    reader, request_id = a_reader(), new_id()
    variables = {"order_id": "7", "state": "packed"}
    turned = dict(reversed(variables.items()))
    first = send(reader, request_id=request_id, variables=variables)
    assert send(reader, request_id=request_id, variables=turned) == first


def test_fifty_concurrent_requests_with_one_id_are_one_notification() -> None:
    request = wanted(a_reader())
    answers = at_once([partial(send_notification, request, caller=SERVICE)] * 50)
    assert len({each.id for each in answers}) == 1
    assert Notification.objects.count() == 1


def test_concurrent_requests_that_are_refused_have_one_answer() -> None:
    request = wanted(a_reader(), template_code="nothing")

    def answer() -> str:
        with pytest.raises(TidingsError) as refused:
            send_notification(request, caller=SERVICE)
        return type(refused.value).__name__

    for _ in range(5):
        assert set(at_once([answer] * 20)) == {"UnknownTemplate"}
    assert SendRequest.objects.count() == 0


def test_request_id_with_another_body_is_a_conflict() -> None:
    reader, another = a_reader(), a_reader()
    request = wanted(reader)
    send_notification(request, caller=SERVICE)
    for change in (
        {"user_id": another.user_id},
        {"variables": {"order_id": "8", "state": "packed"}},
        {"priority": "urgent"},
        {"metadata": {"a": "b"}},
    ):
        body = request.model_dump(mode="json") | change
        with pytest.raises(RequestIdReused):
            send_notification(SendNotification.model_validate(body), caller=SERVICE)
    assert Notification.objects.count() == 1


def test_callers_have_request_ids_of_their_own() -> None:
    request = wanted(a_reader())
    ids = {send_notification(request, caller=each).id for each in (SERVICE, OPERATOR)}
    assert len(ids) == 2


def test_repeated_request_gets_the_same_answer_after_its_reader_was_deleted() -> None:
    reader = a_reader()
    request = wanted(reader)
    first = send_notification(request, caller=SERVICE)
    Notification.objects(pk=first.id).delete()
    assert send_notification(request, caller=SERVICE) == first
    assert Notification.objects.count() == 0


def test_request_that_crashed_is_completed_by_the_next_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = wanted(a_reader())

    def die(*_: Any, **__: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(accepting, "store", die)
        with pytest.raises(ConnectionError):
            send_notification(request, caller=SERVICE)
    accepted = send_notification(request, caller=SERVICE)
    assert Notification.objects.get().id == accepted.id


# --------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("change", "refusal", "field"),
    [
        ({"user_id": "0" * 24}, UnknownRecipient, "user_id"),
        ({"template_code": "nothing"}, UnknownTemplate, "template_code"),
        ({"variables": {"order_id": "7"}}, MissingVariable, "variables.state"),
        ({"notification_type": "sms", "template_code": "task_deleted"}, NothingToSay, None),
    ],
    ids=["user", "template", "variable", "part"],
)
def test_refused_request_leaves_its_id_free(
    change: dict[str, Any], refusal: type[TidingsError], field: str | None
) -> None:
    reader = a_reader()
    with pytest.raises(refusal) as refused:
        send(reader, request_id="r-1", **change)
    assert refused.value.field == field
    assert refused.value.status == 422
    assert (Notification.objects.count(), SendRequest.objects.count()) == (0, 0)
    send(reader, request_id="r-1")


def test_customers_cannot_send() -> None:
    reader = a_reader()
    with pytest.raises(Forbidden):
        send(reader, reader)
    with pytest.raises(Forbidden):
        cancel_notification(new_id(), caller=reader)
    assert Notification.objects.count() == 0


def test_caller_has_a_limit_per_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = a_reader()
    few = settings().model_copy(update={"sends_per_minute": 2})
    monkeypatch.setattr(send_api, "settings", lambda: few)
    for _ in range(2):
        send(reader)
    with pytest.raises(RateLimited) as refused:
        send(reader)
    assert 0 < refused.value.retry_after <= 60
    send(reader, OPERATOR)


def test_sending_works_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = a_reader()
    gone = a_redis_that_is_away()
    for either in (store, cache):
        monkeypatch.setattr(either, "client", lambda: gone)
    monkeypatch.setattr("tidings.platform.security.limits.resting._until", 0.0)
    send(reader)
    monkeypatch.setattr("tidings.platform.security.limits.resting._until", 0.0)


# ---------------------------------------------------------- scheduled messages


def test_message_waits_for_its_time() -> None:
    reader, moment = a_reader(), now()
    later = moment + timedelta(hours=2)
    accepted = send(reader, send_at=later)
    notification = the_notification(reader)
    assert where(notification, "email") == ("scheduled", "send_at", later)
    assert notification.outbox == []
    assert notification.id == accepted.id


def test_scheduled_message_is_not_in_the_inbox_yet() -> None:
    reader = a_reader()
    send(reader, notification_type="inbox", send_at=now() + timedelta(hours=2))
    assert get_user_notifications(reader.user_id, ALL, caller=reader).items == []


@pytest.mark.parametrize("offset", [timedelta(days=91), timedelta(minutes=-6)])
def test_time_out_of_range_is_refused(offset: timedelta) -> None:
    with pytest.raises(SendAtOutOfRange):
        send(a_reader(), send_at=now() + offset)
    assert SendRequest.objects.count() == 0


def test_repeated_request_is_the_same_after_its_time() -> None:
    moment = now()
    request = wanted(a_reader(), send_at=moment + timedelta(hours=1))
    first = send_notification(request, caller=SERVICE, at=moment)
    late = moment + timedelta(days=1)
    assert send_notification(request, caller=SERVICE, at=late) == first


# ------------------------------------------------------------------- cancelling


def test_message_can_be_cancelled_until_it_is_sent() -> None:
    accepted = send(a_reader(), send_at=now() + timedelta(hours=2))
    for _ in range(2):
        (email,) = cancel_notification(accepted.id, caller=SERVICE).deliveries
        assert [each.status for each in email.steps] == ["accepted", "scheduled", "cancelled"]


def test_message_cancelled_in_the_queue_reaches_nobody(provider: Any) -> None:
    accepted = send(a_reader())
    command = command_for(Notification.objects.get(pk=accepted.id), Channel.EMAIL)
    cancel_notification(accepted.id, caller=OPERATOR)
    deliver(command)
    assert provider.messages == []


def test_cancelled_message_is_in_no_digest(provider: Any) -> None:
    reader, moment = a_reader(digest="daily"), now()
    accepted = send(reader)
    assert where(the_notification(reader), "email")[:2] == ("scheduled", "digest")
    cancel_notification(accepted.id, caller=SERVICE)
    assert send_digests(moment + timedelta(days=2)) == 0
    assert provider.messages == []


def test_sent_message_cannot_be_cancelled(provider: Any) -> None:
    accepted = send(a_reader())
    deliver(command_for(Notification.objects.get(pk=accepted.id), Channel.EMAIL))
    with pytest.raises(TooLateToCancel):
        cancel_notification(accepted.id, caller=SERVICE)
    assert len(provider.messages) == 1


def test_service_cancels_only_its_own_messages() -> None:
    accepted = send(a_reader(), send_at=now() + timedelta(hours=2))
    with pytest.raises(NotificationNotFound):
        cancel_notification(accepted.id, caller=a_person(Role.SERVICE))
    with pytest.raises(NotificationNotFound):
        cancel_notification(new_id(), caller=OPERATOR)
    (email,) = get_notification_status(accepted.id, caller=SERVICE).deliveries
    assert email.status == "scheduled"
