"""Builders of messages to deliver, and helpers that read their destinations."""

import json
import os
import urllib.request
from typing import Any

import boto3

from tidings.delivery.outgoing import Address, Device, OutgoingMessage, Rendered
from tidings.platform.timing.clock import new_id

MAIL = Rendered(subject="Your order", text="Hello.\n", html="<p>Hello.</p>\n")
PUSH = Rendered(title="Your order", body="It is on its way.")


def a_message(channel: str, **changes: Any) -> OutgoingMessage:
    notification_id = new_id()
    content = {
        "notification_id": notification_id,
        "channel": channel,
        "user_id": new_id(),
        "kind": "order.confirmed",
        "category": "orders",
        "address": Address(),
        "rendered": PUSH,
        "data": {"notification_id": notification_id, "kind": "order.confirmed"},
        "correlation_id": "correlation-1",
    }
    return OutgoingMessage.model_validate(content | changes)


def a_mail(address: str = "ada@example.com", name: str = "Ada", **changes: Any) -> OutgoingMessage:
    to = Address(email=address, name=name)
    return a_message("email", **({"address": to, "rendered": MAIL} | changes))


def a_push(*devices: Device, **changes: Any) -> OutgoingMessage:
    return a_message("push", address=Address(devices=devices), **changes)


def aws(service: str) -> Any:
    make: Any = boto3.client
    return make(service)


def localstack(path: str) -> Any:
    with urllib.request.urlopen(f"{os.environ['AWS_ENDPOINT_URL']}{path}", timeout=60) as answer:
        return json.load(answer)
