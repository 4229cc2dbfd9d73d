"""Webhooks, signed according to https://www.standardwebhooks.com.

Libraries for many languages verify such signatures. `webhook-id` is the notification's id, so the
receiver can detect repetitions.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from tidings.delivery.errors import PermanentFailure, TemporaryFailure, Undeliverable
from tidings.delivery.outgoing import OutgoingMessage, Receipt
from tidings.platform.providers import https
from tidings.platform.providers.deadline import Deadline
from tidings.platform.providers.failover import Provider
from tidings.platform.providers.public_hosts import HttpsUrl
from tidings.platform.security.limits import digest
from tidings.platform.timing.clock import now
from tidings.users.contacts import webhook_key

IDEMPOTENT: Final = True
PROVIDER: Final = "webhook"


def providers(message: OutgoingMessage) -> list[Provider[Receipt]]:
    # Each receiver has a circuit of its own, so that one that is down does not block the others.
    circuit = f"{PROVIDER}:{digest(message.address.webhook_url or '')}"
    return [Provider(name=PROVIDER, circuit=circuit, send=partial(_send, message))]


def _send(message: OutgoingMessage, deadline: Deadline) -> Receipt:
    url, webhook_id = message.address.webhook_url, message.address.webhook_id
    if not url or not webhook_id:
        raise Undeliverable("no_address", "the person has no webhook")
    try:
        target = HttpsUrl.parse(url)
    except ValueError as error:
        raise Undeliverable("bad_address", str(error)) from None
    with _of_recipient():
        status = post_signed(
            target,
            _body(message),
            message_id=message.notification_id,
            key=webhook_key(webhook_id),
            correlation_id=message.correlation_id,
            deadline=deadline,
        )
    return Receipt(provider=PROVIDER, detail=f"status {status}", is_final=True)


def post_signed(
    target: HttpsUrl,
    body: bytes,
    *,
    message_id: str,
    key: bytes,
    correlation_id: str | None,
    deadline: Deadline,
) -> int:
    """Post a body with the headers by which its receiver verifies it; return the status.

    Args:
        message_id: the same for each repetition.

    Raises:
        TemporaryFailure: a retry may help.
        PermanentFailure: the receiver does not accept it.
    """
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Tidings-Webhook/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now().timestamp())),
        "X-Correlation-Id": correlation_id or message_id,
    }
    headers["webhook-signature"] = signature(key, headers, body)
    return https.post(target, body, headers, deadline=deadline)


def signature(key: bytes, headers: dict[str, str], body: bytes) -> str:
    """Return the signature that proves that we sent a body, and when."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"


@contextmanager
def _of_recipient() -> Iterator[None]:
    """Mark each failure as the recipient's, because the server is theirs."""
    try:
        yield
    except PermanentFailure as failure:
        raise Undeliverable(failure.reason, failure.message) from failure
    except TemporaryFailure as failure:
        failure.of_recipient = True
        raise


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
