"""Webhooks, signed as https://www.standardwebhooks.com says.

There are libraries that verify them in many languages. The receiver tells repetitions by
`webhook-id`, which is the notification's.
"""

import base64
import hashlib
import hmac
import json
from typing import Final

from tidings.delivery.errors import PermanentFailure
from tidings.delivery.schemas import OutgoingMessage, Receipt
from tidings.platform.clock import now
from tidings.platform.limits import digest
from tidings.platform.providers import https
from tidings.platform.providers.deadline import Deadline
from tidings.platform.providers.public_hosts import HttpsUrl
from tidings.users.contact_points import webhook_key

IDEMPOTENT: Final = True


def provider(message: OutgoingMessage) -> str:
    # Each receiver is a provider: one that is down must not stop the others.
    return f"webhook:{digest(message.address.webhook_url or '')}"


def send(message: OutgoingMessage, deadline: Deadline) -> Receipt:
    url, webhook_id = message.address.webhook_url, message.address.webhook_id
    if not url or not webhook_id:
        raise PermanentFailure("no_address", "the person has no webhook")
    try:
        target = HttpsUrl.parse(url)
    except ValueError as error:
        raise PermanentFailure("bad_address", str(error)) from None
    at, body = now(), _body(message)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Tidings-Webhook/1",
        "webhook-id": message.notification_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "X-Correlation-Id": message.correlation_id or message.notification_id,
    }
    headers["webhook-signature"] = signature(webhook_key(webhook_id), headers, body)
    status = https.post(target, body, headers, deadline=deadline)
    return Receipt(provider="webhook", detail=f"status {status}", is_final=True)


def signature(key: bytes, headers: dict[str, str], body: bytes) -> str:
    """Return what proves that a body is ours, and of which moment."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"


def _body(message: OutgoingMessage) -> bytes:
    content = {
        "type": message.kind,
        "notification_id": message.notification_id,
        "category": message.category,
        "title": message.rendered.title or message.rendered.subject,
        "text": message.rendered.text or message.rendered.body,
        "data": message.data,
    }
    return json.dumps(content, separators=(",", ":")).encode()
