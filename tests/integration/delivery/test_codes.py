"""A one-time code is sent to its person only, and erased afterwards."""

from typing import Any

import pytest

from tests.integration.builders import a_person, a_reader
from tests.integration.delivery.watched import command, report, told
from tests.integration.notifications.builders import (
    Provider,
    where,
)
from tidings.delivery.delivering import deliver, outlook
from tidings.delivery.errors import (
    PermanentFailure,
    TemporaryFailure,
)
from tidings.delivery.events import NotificationDelivered
from tidings.delivery.forecasting import forecast
from tidings.delivery.models import Notification
from tidings.notifications.cancelling import cancel_notification
from tidings.notifications.notifying import notify
from tidings.platform.context import attempting
from tidings.platform.messaging.forecast import Outcome
from tidings.platform.security.auth import Principal, Role
from tidings.users import codes
from tidings.users.models import User


def code_mail(reader: Principal, **more: Any) -> Notification:
    variables = {"verification_code": "Q4TN-82WB", "code_expires_at": "2099-01-01T00:00:00Z"}
    values: dict[str, Any] = {
        "kind": "user.registered",
        "category": "account",
        "template_code": "user_registered",
        "variables": variables,
        "carries_code": True,
        "transactional": True,
    }
    return told(reader, **(values | more))


def test_code_reaches_an_unverified_address_and_is_erased(provider: Provider) -> None:
    notification = code_mail(a_reader(verified=False))
    deliver(command(notification))
    (message,) = provider.messages
    assert "Q4TN-82WB" in message.rendered.text
    assert message.unsubscribe_url is None
    kept = Notification.objects.get(pk=notification.id)
    assert "Q4TN" not in str(kept.to_mongo())


def test_expired_code_is_not_sent_and_erased(provider: Provider) -> None:
    variables = {"verification_code": "Q4TN-82WB", "code_expires_at": "2026-01-01T00:00:00Z"}
    notification = code_mail(a_reader(), variables=variables)
    deliver(command(notification))
    assert where(notification, "email")[:2] == ("suppressed", "code expired")
    assert "Q4TN" not in str(Notification.objects.get(pk=notification.id).to_mongo())
    assert provider.messages == []


def test_code_is_kept_during_attempts_and_erased_after_the_failure(provider: Provider) -> None:
    notification = code_mail(a_reader())
    provider.failures = [TemporaryFailure("throttled"), TemporaryFailure("throttled")]
    with pytest.raises(TemporaryFailure):
        deliver(command(notification))
    assert "Q4TN" in str(Notification.objects.get(pk=notification.id).to_mongo())
    with pytest.raises(TemporaryFailure), attempting(last=True):
        deliver(command(notification))
    assert "Q4TN" not in str(Notification.objects.get(pk=notification.id).to_mongo())


def real_code_mail(user_id: str) -> tuple[str, Notification]:
    """Create and announce a code, as a registration does."""
    code = codes.issue(codes.VERIFICATION, user_id).text
    variables = {"verification_code": code, "code_expires_at": "2099-01-01T00:00:00Z"}
    reader = Principal(user_id=user_id, role=Role.CUSTOMER)
    return code, code_mail(reader, variables=variables)


def test_code_of_a_mail_that_failed_for_good_is_invalid(provider: Provider) -> None:
    reader = a_reader(verified=False)
    code, notification = real_code_mail(reader.user_id)
    provider.failures = [TemporaryFailure("throttled"), PermanentFailure("refused")]
    with pytest.raises(TemporaryFailure):
        deliver(command(notification))
    with pytest.raises(PermanentFailure):
        deliver(command(notification))
    assert not codes.redeem(codes.VERIFICATION, reader.user_id, code)


def test_code_of_a_mail_that_is_retried_stays_valid(provider: Provider) -> None:
    reader = a_reader(verified=False)
    code, notification = real_code_mail(reader.user_id)
    provider.failures = [TemporaryFailure("throttled")]
    with pytest.raises(TemporaryFailure):
        deliver(command(notification))
    deliver(command(notification))
    assert codes.redeem(codes.VERIFICATION, reader.user_id, code)


def test_redriven_command_of_an_invalid_code_sends_nothing_and_has_the_reason(
    provider: Provider,
) -> None:
    _, notification = real_code_mail(a_reader().user_id)
    provider.failures = [PermanentFailure("refused")]
    with pytest.raises(PermanentFailure):
        deliver(command(notification))
    foretold = forecast(command(notification), renders=True)
    assert (foretold.outcome, foretold.reason) == (Outcome.STALE, "code void")
    deliver(command(notification))
    assert provider.messages == []
    assert where(the_notification_of(notification), "email")[:2] == ("suppressed", "code void")


def test_cancelled_code_is_erased(provider: Provider) -> None:
    notification = code_mail(a_reader())
    cancel_notification(notification.id, caller=a_person(Role.OPERATOR))
    assert "Q4TN" not in str(the_notification_of(notification).to_mongo())
    deliver(command(notification))
    assert provider.messages == []


@pytest.mark.parametrize("channel", ["push", "webhook"])
def test_code_of_an_address_is_sent_by_email_only(channel: str, provider: Provider) -> None:
    reader = a_reader()
    webhook = {"set__webhook_url": "https://hook.example.com", "set__webhook_id": "1"}
    User.objects(pk=reader.user_id).update_one(**webhook)
    notification = code_mail(reader, channels=frozenset({channel, "email"}))
    assert notification.deliveries[channel].status == "suppressed"
    assert notification.deliveries["email"].status == "queued"
    assert outlook(command(notification)).status == "queued"


def the_notification_of(notification: Notification) -> Notification:
    found: Notification = Notification.objects.get(pk=notification.id)
    return found


def test_code_is_erased_where_the_report_comes_before_our_own_record() -> None:
    mail = code_mail(a_reader())
    Notification.objects(pk=mail.id).update_one(set__deliveries__email__status="sending")
    notify(report(NotificationDelivered, mail))
    assert where(mail, "email")[0] == "delivered"
    assert Notification.objects.get(pk=mail.id).variables == {}
