"""Simulated recipients: each outcome by status, reports and explanation, and nothing leaves."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from tests.integration.builders import a_person, a_reader
from tests.integration.delivery.watched import command
from tests.integration.notifications.builders import story, where
from tidings.delivery import feedback, simulated
from tidings.delivery.channels import email, push, sms, webhook
from tidings.delivery.delivering import deliver
from tidings.delivery.errors import TemporaryFailure
from tidings.delivery.models import Feedback, Notification, Suppression
from tidings.delivery.suppression import suppressed
from tidings.monitoring.explaining.operations import explain_notification
from tidings.monitoring.models import FailedMessage
from tidings.notifications.notifying import notify
from tidings.notifications.queries import get_notification_status
from tidings.notifications.schemas import SendNotification
from tidings.notifications.send_api import send_notification
from tidings.platform.context import attempting
from tidings.platform.messaging.events import EVENT_CLASSES
from tidings.platform.observability import metrics
from tidings.platform.security.auth import Principal, Role
from tidings.platform.security.limits import Limit
from tidings.platform.timing.clock import new_id
from tidings.templates.operations import create_template
from tidings.templates.schemas import CreateTemplate
from tidings.users.models import PushToken, User
from tidings.users.schemas import CreateService
from tidings.users.service_kinds import ServiceKind
from tidings.users.services import create_service
from tidings.users.simulated import Outcome, person_id, token_of

OPERATOR = a_person(Role.OPERATOR)
CHANNELS = ("email", "push", "sms", "webhook")
OUTCOMES = [
    ("email", Outcome.DELIVERS, ["sent", "delivered"], None),
    ("email", Outcome.BOUNCES, ["sent", "failed"], "hard_bounce"),
    ("email", Outcome.COMPLAINS, ["sent", "delivered", "failed"], "complaint"),
    ("push", Outcome.DELIVERS, ["sent"], None),
    ("push", Outcome.BOUNCES, ["failed"], "dead_device"),
    ("push", Outcome.COMPLAINS, ["sent"], None),
    ("push", Outcome.SUPPRESSED, ["sent"], None),
    ("sms", Outcome.DELIVERS, ["sent"], None),
    ("sms", Outcome.BOUNCES, ["failed"], "bad_address"),
    ("sms", Outcome.COMPLAINS, ["failed"], "opted_out"),
    ("sms", Outcome.SUPPRESSED, ["sent"], None),
    ("webhook", Outcome.DELIVERS, ["sent"], None),
    ("webhook", Outcome.BOUNCES, ["failed"], "refused"),
    ("webhook", Outcome.COMPLAINS, ["sent"], None),
    ("webhook", Outcome.SUPPRESSED, ["sent"], None),
]


@pytest.fixture(autouse=True)
def nothing_leaves(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let each channel fail that is asked to send."""
    left: list[str] = []
    for each in (email, push, sms, webhook):
        monkeypatch.setattr(each, "providers", lambda *_: left.append("a message"))
    yield
    assert left == []


@pytest.fixture
def template() -> str:
    text = {
        "language": "en",
        "email": {"subject": "Hello", "html": "<p>Hello</p>", "text": "Hello"},
        "push": {"title": "Hello", "body": "Hello"},
        "sms": {"text": "Hello"},
        "inbox": {"title": "Hello", "body": "Hello"},
    }
    new = {"code": "hello", "category": "promotions", "variants": [text]}
    return create_template(CreateTemplate.model_validate(new), caller=OPERATOR).code


def a_service(kind: ServiceKind) -> Principal:
    made = create_service(CreateService(name="Shop", kind=kind))
    return Principal(user_id=made.client_id, role=Role.SERVICE)


def send(user_id: str, channel: str, template: str, caller: Principal = OPERATOR) -> Notification:
    wanted = {
        "notification_type": channel,
        "user_id": user_id,
        "template_code": template,
        "variables": {},
        "request_id": new_id(),
    }
    accepted = send_notification(SendNotification.model_validate(wanted), caller=caller)
    notification: Notification = Notification.objects.get(pk=accepted.id)
    return notification


def attempt(notification: Notification, channel: str) -> None:
    deliver(command(notification, channel))
    take_reports(notification)


def take_reports(notification: Notification) -> None:
    for report in Feedback.objects(notification_id=notification.id).order_by("created_at"):
        for entry in report.outbox:
            notify(EVENT_CLASSES[entry.type].model_validate_json(entry.body))


@pytest.mark.parametrize(("channel", "outcome", "steps", "reason"), OUTCOMES)
def test_outcome_is_in_the_status_and_the_same_again(
    template: str, channel: str, outcome: Outcome, steps: list[str], reason: str | None
) -> None:
    for _ in range(2):
        notification = send(person_id(outcome), channel, template)
        attempt(notification, channel)
        assert story(notification, channel) == ["accepted", "queued", "sending", *steps]
        assert where(notification, channel)[1] == reason
        status = get_notification_status(notification.id, caller=OPERATOR)
        assert status.simulated
        assert status.deliveries[0].provider in {"simulated", None}
    assert Suppression.objects.count() == 0


def test_suppressed_address_gets_no_mail(template: str) -> None:
    notification = send(person_id(Outcome.SUPPRESSED), "email", template)
    attempt(notification, "email")
    assert where(notification, "email")[:2] == ("suppressed", "hard_bounce")


@pytest.mark.parametrize("channel", CHANNELS)
def test_message_that_fails_for_a_time_is_accepted_at_the_third_attempt(
    template: str, channel: str
) -> None:
    notification = send(person_id(Outcome.RECOVERS), channel, template)
    for _ in range(2):
        with pytest.raises(TemporaryFailure):
            attempt(notification, channel)
        assert where(notification, channel)[:2] == ("queued", "unavailable")
    attempt(notification, channel)
    expected = "delivered" if channel == "email" else "sent"
    assert where(notification, channel)[0] == expected


@pytest.mark.parametrize("channel", CHANNELS)
def test_message_that_always_fails_ends_without_a_failed_message(
    template: str, channel: str
) -> None:
    notification = send(person_id(Outcome.FAILS), channel, template)
    for _ in range(5):
        with pytest.raises(TemporaryFailure):
            attempt(notification, channel)
    with attempting(last=True):
        attempt(notification, channel)
    assert where(notification, channel)[:2] == ("failed", "unavailable")
    assert FailedMessage.objects.count() == 0


def test_repeated_command_changes_nothing(template: str) -> None:
    notification = send(person_id(Outcome.COMPLAINS), "email", template)
    for _ in range(3):
        attempt(notification, "email")
    assert where(notification, "email")[:2] == ("failed", "complaint")
    assert Feedback.objects.count() == 2


def test_reports_may_overtake_the_acceptance(template: str) -> None:
    """The process died between the provider's answer and its record."""
    notification = send(person_id(Outcome.BOUNCES), "email", template)

    def answer_and_die(*given: Any) -> Any:
        honest(*given)
        raise KeyboardInterrupt

    honest = simulated.answer
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulated, "answer", answer_and_die)
        with pytest.raises(KeyboardInterrupt):
            deliver(command(notification))
    assert where(notification, "email")[0] == "sending"
    take_reports(notification)
    assert where(notification, "email")[:2] == ("failed", "hard_bounce")


def test_report_that_cannot_be_stored_is_made_again(template: str) -> None:
    notification = send(person_id(Outcome.DELIVERS), "email", template)

    def away(*_: Any) -> None:
        raise AutoReconnect("away")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feedback, "take_mail_feedback", away)
        with pytest.raises(TemporaryFailure):
            deliver(command(notification))
    assert where(notification, "email")[0] == "queued"
    attempt(notification, "email")
    assert where(notification, "email")[0] == "delivered"


def test_simulated_number_uses_up_no_limit(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def limited(*_: Any) -> None:
        raise AssertionError("a limit was used")

    monkeypatch.setattr(Limit, "take_for_message", limited)
    notification = send(person_id(Outcome.DELIVERS), "sms", template)
    attempt(notification, "sms")
    assert where(notification, "sms")[0] == "sent"


def test_simulated_messages_are_not_counted(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[Any] = []
    monkeypatch.setattr(metrics, "count", lambda name, *_: counted.append(name))
    attempt(send(person_id(Outcome.BOUNCES), "email", template), "email")
    assert metrics.DELIVERIES not in counted


def test_explanation_says_that_it_is_simulated(template: str) -> None:
    notification = send(person_id(Outcome.BOUNCES), "email", template)
    attempt(notification, "email")
    found = explain_notification(notification.id, caller=OPERATOR)
    assert "simulated" in [each.code for each in found.notes]
    assert "simulated" in [each.provider for each in found.steps]


def test_device_with_a_simulated_token_stays_registered(template: str) -> None:
    reader = a_reader(devices=0, promotions={"push": True})
    token = token_of(Outcome.BOUNCES)
    PushToken(user_id=reader.user_id, platform="ios", token=token, token_hash=token).save()
    for _ in range(2):
        notification = send(reader.user_id, "push", template)
        attempt(notification, "push")
        assert where(notification, "push")[:2] == ("failed", "dead_device")


def test_account_at_a_simulated_address_gets_its_outcome(template: str) -> None:
    reader = a_reader(promotions={"email": True})
    address = "bounces+shop@simulated.example"
    User.objects(pk=reader.user_id).update_one(set__email=address)
    notification = send(reader.user_id, "email", template)
    attempt(notification, "email")
    assert where(notification, "email")[:2] == ("failed", "hard_bounce")
    assert suppressed([address]) == {}


# ------------------------------------------------------------------------- test keys


@pytest.mark.parametrize("channel", CHANNELS)
def test_message_of_a_test_key_has_its_whole_life_and_does_not_leave(
    template: str, channel: str
) -> None:
    reader = a_reader(promotions=dict.fromkeys(CHANNELS, True))
    User.objects(pk=reader.user_id).update_one(
        set__phone="+49301234567",
        set__phone_verified_at=User.objects.get(pk=reader.user_id).verified_at,
        set__webhook_url="https://shop.example/hook",
        set__webhook_id="1",
    )
    notification = send(reader.user_id, channel, template, a_service(ServiceKind.TEST))
    attempt(notification, channel)
    last = ["delivered"] if channel == "email" else []
    assert story(notification, channel) == ["accepted", "queued", "sending", "sent", *last]


def test_message_of_a_test_key_to_a_simulated_person_has_its_outcome(template: str) -> None:
    notification = send(person_id(Outcome.BOUNCES), "email", template, a_service(ServiceKind.TEST))
    attempt(notification, "email")
    assert where(notification, "email")[:2] == ("failed", "hard_bounce")
