"""Tests of the send API with a service outside the shop."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.aws import invoke
from tests.e2e.shop import Shop
from tests.waiting import eventually

STATUS = """query($id: ID!) { getNotificationStatus(id: $id) {
  templateCode correlationId deliveries { channel status steps { status } } } }"""
READ_ALL = "mutation { markAllNotificationsRead { read more } }"


@pytest.fixture(scope="module")
def credentials() -> Any:
    return invoke("tidings-create-service", {"name": "Packing station"})


@pytest.fixture(scope="module")
def service(shop: Shop, credentials: Any) -> Shop:
    answer = shop.rest("POST", "/service-sessions", credentials)
    assert answer.status_code == 201
    return Shop(shop.api_url, shop.http, answer.json()["data"]["access_token"])


def send(service: Shop, reader: Shop, **more: Any) -> httpx.Response:
    body = {
        "notification_type": "inbox",
        "user_id": reader.user_id,
        "template_code": "order_status_update",
        "variables": {"order_id": uuid4().hex, "state": "packed"},
        "request_id": uuid4().hex,
    }
    return service.rest("POST", "/notifications", body | more)


def delivery(service: Shop, notification_id: str) -> Any:
    answer = service.rest("GET", f"/notifications/{notification_id}/status")
    assert answer.status_code == 200
    (found,) = answer.json()["data"]["deliveries"]
    return found


def test_service_sends_and_the_person_reads(service: Shop, customer: Shop) -> None:
    request_id = uuid4().hex
    variables = {"order_id": "7", "state": "packed"}
    answers = [
        send(service, customer, request_id=request_id, variables=variables) for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [202, 202]
    (sent,) = {each.json()["data"]["id"] for each in answers}
    conflict = send(service, customer, request_id=request_id, variables=variables | {"state": "x"})
    assert conflict.status_code == 409

    inbox = customer.rest("GET", "/notifications/me?category=orders").json()["data"]
    assert [each["id"] for each in inbox] == [sent]
    told = service.graphql(STATUS, id=sent)["getNotificationStatus"]
    assert told["correlationId"] == answers[0].headers["x-correlation-id"]
    assert [each["status"] for each in told["deliveries"][0]["steps"]] == ["accepted", "delivered"]

    assert customer.rest("PUT", f"/notifications/archive/{sent}").status_code == 200
    assert customer.rest("GET", "/notifications/me?category=orders").json()["data"] == []
    assert customer.rest("DELETE", f"/notifications/archive/{sent}").status_code == 200
    eventually(
        lambda: customer.graphql(READ_ALL)["markAllNotificationsRead"]["more"] is False,
        what="all are read",
    )
    assert customer.rest("GET", "/notifications/unread/me").json()["meta"]["total"] == 0
    assert customer.rest("DELETE", f"/notifications/{sent}").status_code == 200
    assert customer.rest("GET", "/notifications/me?category=orders").json()["data"] == []


def test_thousand_messages_of_one_request_arrive_and_are_there_once(
    service: Shop, customer: Shop
) -> None:
    batch = uuid4().hex[:12]
    messages = [
        {
            "notification_type": "inbox",
            "user_id": customer.user_id,
            "template_code": "order_status_update",
            "variables": {"order_id": batch, "state": "packed"},
            "request_id": f"{batch}-{number}",
        }
        for number in range(1_000)
    ]
    messages[500] |= {"template_code": "nothing"}
    answers = [
        service.rest("POST", "/notifications/bulk", {"notifications": messages}).json()["data"]
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert (answers[0]["accepted"], answers[0]["refused"]) == (999, 1)
    assert answers[0]["answers"][500]["error"]["details"][0]["field"] == "template_code"
    unread = customer.rest("GET", "/notifications/unread/me").json()["meta"]["total"]
    assert unread == 999
    assert delivery(service, answers[0]["answers"][999]["id"])["status"] == "delivered"
    eventually(
        lambda: customer.graphql(READ_ALL)["markAllNotificationsRead"]["more"] is False,
        what="all are read",
    )


def test_scheduled_message_is_cancelled(service: Shop, customer: Shop) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    sent = send(service, customer, send_at=tomorrow).json()["data"]["id"]
    assert delivery(service, sent)["status"] == "scheduled"
    assert service.rest("POST", f"/notifications/{sent}/cancel").status_code == 200
    assert delivery(service, sent)["status"] == "cancelled"


def test_mail_to_an_unverified_address_has_the_reason_why_it_is_not_sent(
    service: Shop, customer: Shop
) -> None:
    sent = send(service, customer, notification_type="email").json()["data"]["id"]
    found = eventually(lambda: delivery(service, sent))
    assert (found["status"], found["reason"]) == ("suppressed", "address not verified")


def test_service_may_do_nothing_else(service: Shop, customer: Shop) -> None:
    for method, path in (
        ("GET", "/users"),
        ("GET", "/orders"),
        ("GET", f"/notifications/{customer.user_id}"),
        ("GET", f"/users/{customer.user_id}"),
    ):
        assert service.rest(method, path).status_code == 403


def test_revoked_service_is_refused_at_once(shop: Shop, customer: Shop) -> None:
    made = invoke("tidings-create-service", {"name": "Old"})
    token = shop.rest("POST", "/service-sessions", made).json()["data"]["access_token"]
    machine = Shop(shop.api_url, shop.http, token)
    assert send(machine, customer).status_code == 202
    invoke("tidings-revoke-service", {"client_id": made["client_id"]})
    assert send(machine, customer).status_code == 401
    assert shop.rest("POST", "/service-sessions", made).status_code == 401
