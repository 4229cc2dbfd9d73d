"""Mails and their feedback, through the deployed functions and LocalStack's SES and SNS."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pymongo
import pytest

from tests.e2e.aws import client
from tests.e2e.shop import Shop
from tests.settings import stack_under_test
from tests.waiting import eventually

TOPIC = "arn:aws:sns:us-east-1:000000000000:tidings-mail-feedback"
SENDER = "no-reply@tidings.example"
ME = "{ me { preferences { orders { inbox email push } } } }"


@pytest.fixture
def delivery() -> Iterator[Any]:
    """Return the database of delivery."""
    with pymongo.MongoClient[dict[str, Any]](stack_under_test().mongodb_uri) as mongo:
        yield mongo["tidings_delivery"]


def link_of(user_id: str, category: str, notification_id: str) -> str:
    """Make the token of a link by docs/delivery.md, without our code."""
    secret = client("secretsmanager").get_secret_value(SecretId="tidings/delivery-key")
    master = json.loads(secret["SecretString"])["key"].encode()
    key = hmac.new(master, b"unsubscribe:", hashlib.sha256).digest()
    text = f"{user_id}.{category}.{notification_id}"
    mac = hmac.new(key, text.encode(), hashlib.sha256).digest()[:18]
    return f"{text}.{base64.urlsafe_b64encode(mac).decode()}"


def test_mail_that_ses_accepted_is_announced_as_delivered(delivery: Any) -> None:
    notification_id = uuid4().hex
    raw = f"From: {SENDER}\r\nTo: ada@example.com\r\nSubject: x\r\n\r\nx\r\n"
    message_id = client("ses").send_raw_email(
        Source=SENDER,
        Destinations=["ada@example.com"],
        RawMessage={"Data": raw},
        ConfigurationSetName="tidings-mails",
        Tags=[{"Name": "notification_id", "Value": notification_id}],
    )["MessageId"]
    noted = eventually(
        lambda: delivery.feedback.find_one({"_id": f"ses:{message_id}:delivered"}),
        what="SES's event in the delivery's database",
    )
    assert noted["notification_id"] == notification_id
    eventually(
        lambda: not delivery.feedback.find_one({"_id": noted["_id"]})["outbox"],
        what="the event to be taken by RabbitMQ",
    )


def test_address_that_bounced_is_suppressed(admin: Shop) -> None:
    address = f"{uuid4().hex}@example.com"

    def suppressed() -> list[dict[str, Any]]:
        answer = admin.rest("GET", f"/suppressions?address={address}")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    assert suppressed() == []
    bounce = {
        "eventType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bouncedRecipients": [{"emailAddress": address}],
        },
        "mail": {"timestamp": "2026-11-20T09:15:00.000Z", "messageId": uuid4().hex},
    }
    for _ in range(2):
        client("sns").publish(TopicArn=TOPIC, Message=json.dumps(bounce))
    (found,) = eventually(suppressed, what="the address to be suppressed")
    assert address not in str(found)


def test_one_click_unsubscribes_without_a_login(shop: Shop, customer: Shop) -> None:
    assert customer.user_id is not None
    url = f"{shop.api_url}/api/v1/unsubscribe/{link_of(customer.user_id, 'orders', uuid4().hex)}"
    page = shop.http.get(url)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert customer.graphql(ME)["me"]["preferences"]["orders"]["email"] is True
    for _ in range(2):
        done = shop.http.post(url, data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200, done.text
    assert customer.graphql(ME)["me"]["preferences"]["orders"] == {
        "inbox": True,
        "email": False,
        "push": True,
    }
    assert shop.http.get(f"{url[:-1]}{'A' if url[-1] != 'A' else 'B'}").status_code == 404


def test_launcher_created_the_platform_applications() -> None:
    found = client("sns").list_platform_applications()["PlatformApplications"]
    arns = {each["PlatformApplicationArn"].partition(":app/")[2] for each in found}
    assert {"APNS/tidings", "GCM/tidings"} <= arns
