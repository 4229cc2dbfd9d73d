"""Push messages through SNS's platform endpoints in LocalStack."""

import json
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from tests.integration.builders import at_once
from tests.integration.delivery.messages import a_push, aws, localstack
from tests.integration.users.people import as_principal, registered
from tests.waiting import eventually
from tidings.delivery import endpoints
from tidings.delivery.channels import deliver, push
from tidings.delivery.errors import PermanentFailure, TemporaryFailure
from tidings.delivery.models import PushEndpoint
from tidings.delivery.outgoing import Device, Rendered
from tidings.platform.settings import settings
from tidings.platform.timing.clock import new_id
from tidings.users.models import PushToken, User
from tidings.users.push_platforms import PushPlatform
from tidings.users.push_tokens import register_push_token
from tidings.users.schemas import RegisterPushToken

pytestmark = pytest.mark.usefixtures("applications")


def a_device(user: User | None = None, platform: str = "ios") -> Device:
    device = Device(platform=PushPlatform(platform), token=new_id())
    if user:
        new = RegisterPushToken(platform=device.platform, token=device.token)
        register_push_token(user.id, new, caller=as_principal(user))
    return device


def arn_of(device: Device) -> str:
    return endpoints.endpoint_of(device, new_id())


def taken_by(arn: str, count: int = 1) -> list[dict[str, Any]]:
    """Wait for this number of messages of a device: LocalStack shows them after a moment."""

    def kept() -> list[dict[str, Any]]:
        found = localstack(f"/_aws/sns/platform-endpoint-messages?endpointArn={arn}")
        messages: list[dict[str, Any]] = found["platform_endpoint_messages"].get(arn, [])
        return messages if len(messages) >= count else []

    # The message for the device is text within SNS's own JSON.
    taken = eventually(kept, what=f"{count} messages")
    return [json.loads(json.loads(each["Message"])) for each in taken]


def disable(device: Device) -> None:
    aws("sns").set_endpoint_attributes(EndpointArn=arn_of(device), Attributes={"Enabled": "false"})


def test_each_device_gets_the_form_of_its_platform() -> None:
    apple, google, browser = a_device(), a_device(None, "android"), a_device(None, "web")
    message = a_push(apple, google, browser)
    receipt = deliver(message)
    assert (receipt.detail, receipt.is_final) == ("3 of 3 devices", True)
    (apns,) = taken_by(arn_of(apple))
    assert apns == {
        "aps": {
            "alert": {"title": "Your order", "body": "It is on its way."},
            "sound": "default",
        },
        "notification_id": message.notification_id,
        "kind": "order.confirmed",
    }
    for device in (google, browser):
        (fcm,) = taken_by(arn_of(device))
        inner = fcm["fcmV1Message"]["message"]
        assert inner["notification"] == {"title": "Your order", "body": "It is on its way."}
        assert inner["data"] == message.data
        assert inner["android"]["notification"]["tag"] == message.notification_id


def test_endpoint_is_created_once_and_the_token_erased() -> None:
    device = a_device()
    at_once([lambda: deliver(a_push(device))] * 4)
    assert len(taken_by(arn_of(device), 4)) == 4
    (kept,) = PushEndpoint.objects
    assert device.token not in json.dumps(kept.to_mongo().to_dict(), default=str)


def test_dead_device_is_removed_and_the_others_get_it() -> None:
    user = registered()
    dead, alive = a_device(user), a_device(user, "android")
    disable(dead)
    dead_arn = arn_of(dead)
    receipt = deliver(a_push(dead, alive))
    assert receipt.detail == "1 of 2 devices"
    assert len(taken_by(arn_of(alive))) == 1
    assert [each.token for each in PushToken.objects] == [alive.token]
    with pytest.raises(aws("sns").exceptions.NotFoundException):
        aws("sns").get_endpoint_attributes(EndpointArn=dead_arn)


def test_device_that_is_registered_again_gets_messages_again() -> None:
    user = registered()
    device = a_device(user)
    disable(device)
    with pytest.raises(PermanentFailure) as failed:
        deliver(a_push(device))
    assert failed.value.reason == "dead_device"
    assert PushToken.objects.count() == 0
    new = RegisterPushToken(platform=device.platform, token=device.token)
    register_push_token(user.id, new, caller=as_principal(user))
    assert deliver(a_push(device)).detail == "1 of 1 devices"


def test_endpoint_that_we_lost_and_sns_disabled_is_tried_once_more() -> None:
    device = a_device()
    disable(device)
    PushEndpoint.objects.delete()
    assert deliver(a_push(device)).detail == "1 of 1 devices"


def test_endpoint_that_sns_lost_is_created_again() -> None:
    user = registered()
    device = a_device(user)
    before = arn_of(device)
    aws("sns").delete_endpoint(EndpointArn=before)
    deliver(a_push(device))
    assert arn_of(device) != before
    assert PushToken.objects.count() == 1


def test_platform_without_an_application_is_temporary_and_keeps_the_token(
    applications: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    user = registered()
    apple, google = a_device(user), a_device(user, "android")
    google_only = {"ios_application": None, "android_application": applications["GCM"]}
    half = settings().model_copy(update=google_only)
    monkeypatch.setattr(endpoints, "settings", lambda: half)
    assert deliver(a_push(apple, google)).detail == "1 of 2 devices"
    with pytest.raises(TemporaryFailure) as failed:
        deliver(a_push(apple))
    assert failed.value.reason == "misconfigured"
    assert PushToken.objects.count() == 2


def test_unavailable_database_is_temporary_and_nothing_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it counted as sent or uncertain, the message would never be sent."""

    def away(*_: object) -> str:
        raise AutoReconnect

    monkeypatch.setattr(push, "endpoint_of", away)
    with pytest.raises(TemporaryFailure) as failure:
        deliver(a_push(a_device()))
    assert not failure.value.maybe_sent


def test_application_unknown_to_sns_is_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = settings().model_copy(
        update={"ios_application": "arn:aws:sns:us-east-1:000000000000:app/APNS/gone"}
    )
    monkeypatch.setattr(endpoints, "settings", lambda: gone)
    with pytest.raises(TemporaryFailure):
        deliver(a_push(a_device()))


def test_person_without_a_device_fails_for_good() -> None:
    with pytest.raises(PermanentFailure) as failed:
        deliver(a_push())
    assert failed.value.reason == "no_address"


def test_long_message_arrives_within_the_limit() -> None:
    device = a_device()
    deliver(a_push(device, rendered=Rendered(title="T" * 5_000, body="ü☃\U0001f600" * 5_000)))
    (apns,) = taken_by(arn_of(device))
    size = len(json.dumps(apns, ensure_ascii=False, separators=(",", ":")).encode())
    assert 4_080 < size <= 4_096
    assert apns["aps"]["alert"]["body"].endswith("…")
