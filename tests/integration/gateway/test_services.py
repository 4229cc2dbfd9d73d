"""A service reads and cancels its own messages, and learns nothing about others."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.builders import a_reader
from tests.integration.gateway.conftest import sign_in_service
from tests.integration.gateway.in_process import InProcessApi
from tests.integration.notifications.builders import some_content
from tidings.delivery.models import Notification
from tidings.notifications.creating import create_notifications
from tidings.platform.secrets import SigningKeys
from tidings.platform.security.auth import Principal
from tidings.platform.timing.clock import new_id, now

STATUS = "query($id: ID!) { getNotificationStatus(id: $id) { id metadata deliveries { status } } }"
CANCEL = "mutation($id: ID!) { cancelNotification(id: $id) { id } }"
LIST = "query($id: ID) { getUserNotifications(userId: $id) { nodes { id } } }"


@pytest.fixture
def service(keys: SigningKeys) -> InProcessApi:
    return sign_in_service()


@pytest.fixture
def other_service(keys: SigningKeys) -> InProcessApi:
    return sign_in_service()


def sent_by(api: InProcessApi, reader: Principal) -> str:
    """Schedule a message for tomorrow, so that it can still be cancelled."""
    answer = api.rest(
        "POST",
        "/notifications",
        {
            "notification_type": "email",
            "user_id": reader.user_id,
            "template_code": "order_status_update",
            "variables": {"order_id": "7", "state": "packed"},
            "request_id": new_id(),
            "metadata": {"secret": "of the sender"},
            "send_at": (now() + timedelta(days=1)).isoformat(),
        },
    )
    assert answer.status == 202, answer.text
    return str(answer.json["data"]["id"])


def told_by_an_event(reader: Principal) -> str:
    return create_notifications([reader.user_id], some_content())[reader.user_id].notification_id


def without_ids(answer: Any) -> Any:
    """Return an answer without the fields that differ between requests."""
    answer.pop("extensions", None)
    return answer


def test_sender_reads_the_status_and_cancels(service: InProcessApi) -> None:
    sent = sent_by(service, a_reader())
    read = service.graphql(STATUS, id=sent)["data"]["getNotificationStatus"]
    assert read["metadata"] == {"secret": "of the sender"}
    assert service.rest("GET", f"/notifications/{sent}/status").status == 200
    assert service.graphql(CANCEL, id=sent)["data"]["cancelNotification"]["id"] == sent
    assert service.rest("POST", f"/notifications/{sent}/cancel").status == 200


@pytest.mark.parametrize("whose", ["another service's", "an event's"])
def test_messages_of_others_answer_like_unknown_ids(
    whose: str, service: InProcessApi, other_service: InProcessApi
) -> None:
    reader = a_reader()
    known = sent_by(service, reader) if whose == "another service's" else told_by_an_event(reader)
    before = Notification.objects.get(pk=known).to_mongo()
    # Also with the copy in Redis that its sender has just read.
    service.rest("GET", f"/notifications/{known}/status")
    for query in (STATUS, CANCEL):
        guessed = without_ids(other_service.graphql(query, id=known))
        assert guessed == without_ids(other_service.graphql(query, id=new_id()))
        assert guessed["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    for method, path in (("GET", "status"), ("POST", "cancel")):
        guessed, unknown = (
            other_service.rest(method, f"/notifications/{each}/{path}")
            for each in (known, new_id())
        )
        assert (guessed.status, guessed.json) == (404, unknown.json)
    assert Notification.objects.get(pk=known).to_mongo() == before


@pytest.mark.parametrize("shape", [str.upper, lambda id_: f" {id_}", lambda id_: f"{id_}%00"])
def test_malformed_id_gives_no_access(
    shape: Any, service: InProcessApi, other_service: InProcessApi
) -> None:
    sent = shape(sent_by(service, a_reader()))
    answer = other_service.graphql(STATUS, id=sent)
    assert answer["errors"][0]["extensions"]["code"] in {"NOT_FOUND", "BAD_USER_INPUT"}


def test_service_cannot_list_an_inbox(service: InProcessApi) -> None:
    reader = a_reader()
    told_by_an_event(reader)
    for user_id in (reader.user_id, service.user_id, None):
        answer = service.graphql(LIST, id=user_id)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert not answer.get("data")
    for path in (f"/notifications/{reader.user_id}", f"/notifications/unread/{reader.user_id}"):
        assert service.rest("GET", path).status == 403


def test_same_request_id_of_another_service_is_another_message(
    service: InProcessApi, other_service: InProcessApi
) -> None:
    wish = {
        "notification_type": "inbox",
        "user_id": a_reader().user_id,
        "template_code": "order_status_update",
        "variables": {"order_id": "7", "state": "packed"},
        "request_id": new_id(),
    }
    ids = {
        api.rest("POST", "/notifications", wish).json["data"]["id"]
        for api in (service, other_service)
    }
    assert len(ids) == 2
