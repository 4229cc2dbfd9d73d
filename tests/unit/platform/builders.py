"""Builders of Lambda events, messages and keys, and a fake broker."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from tidings.platform.messaging.broker import Message
from tidings.platform.secrets import SigningKey, SigningKeys
from tidings.platform.security import auth
from tidings.platform.security.auth import AUDIENCE, ISSUER, Principal, Role
from tidings.platform.security.keys import public_part
from tidings.platform.security.tokens import ALGORITHM
from tidings.platform.timing.clock import new_id, now

CONTEXT: Final = SimpleNamespace(aws_request_id="request-1")
CUSTOMER_ID: Final = "6b0152a5f6b097fd8ed20a98"
SESSION_ID: Final = "6b0152a5f6b097fd8ed20a97"
ORDER_ID: Final = "6b0152a6f6b097fd8ed20a9b"
PRODUCT_ID: Final = "6b0152a6f6b097fd8ed20a9a"


CUSTOMER: Final = Principal(
    user_id=CUSTOMER_ID, role=Role.CUSTOMER, session_id=SESSION_ID, security_version=0
)


def in_a_session(principal: Principal) -> Principal:
    """Return the caller with a session, which access tokens need."""
    if principal.session_id:
        return principal
    return principal.model_copy(update={"session_id": new_id(), "security_version": 0})


def api_event(body: object = None, **changes: Any) -> dict[str, Any]:
    """Return a proxy event of API Gateway; a body that is not text is sent as JSON.

    The content type is JSON unless the headers contain another one.
    """
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    headers: dict[str, str] | None = changes.pop("headers", {})
    if body is not None and "content-type" not in {name.lower() for name in headers or ()}:
        headers = {"Content-Type": "application/json", **(headers or {})}
    return {
        "headers": headers,
        "body": text,
        "isBase64Encoded": False,
        "pathParameters": None,
        "queryStringParameters": None,
    } | changes


def answer_of(response: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Return the status and the envelope of an answer to API Gateway."""
    return response["statusCode"], json.loads(response["body"])


def order_placed(**changes: Any) -> dict[str, Any]:
    """Return the JSON object of `order.placed`."""
    return {
        "specversion": "1.0",
        "id": "event-1",
        "source": "tidings/orders",
        "type": "order.placed",
        "time": "2026-11-20T09:15:00.000Z",
        "subject": ORDER_ID,
        "correlationid": "correlation-1",
        "data": {
            "order_id": ORDER_ID,
            "customer_id": CUSTOMER_ID,
            "lines": [{"product_id": PRODUCT_ID, "quantity": 2}],
        },
    } | changes


def record(content: object, *, headers: object = None, **properties: Any) -> dict[str, Any]:
    """Return one message as Lambda delivers it; bytes are sent unchanged."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return {
        "basicProperties": {
            "contentType": "application/cloudevents+json",
            "headers": headers,
            "correlationId": "correlation-1",
            "messageId": "event-1",
            "type": "order.placed",
        }
        | properties,
        "redelivered": False,
        "data": base64.b64encode(body).decode(),
    }


def mq_event(*records: Any, queue: str = "inventory") -> dict[str, Any]:
    """Return an event of Amazon MQ for RabbitMQ."""
    return {"eventSource": "aws:rmq", "rmqMessagesByQueue": {f"{queue}::/": list(records)}}


def history_header(*attempts: dict[str, str]) -> dict[str, Any]:
    """Return the headers of a message that failed before, as Lambda delivers them."""
    return {"tidings-history": {"bytes": list(json.dumps(attempts).encode())}}


def attempt(error: str = "ValueError: before") -> dict[str, str]:
    return {"function": "inventory", "error": error, "at": "2026-11-20T09:15:00+00:00"}


class RecordingPublisher:
    """Publishes to a list, unless a test makes it refuse or fail."""

    def __init__(self) -> None:
        self.published: list[Message] = []
        self.takes_nothing = False
        self.raises: Exception | None = None

    def publish(self, messages: Sequence[Message]) -> list[Message]:
        if self.raises:
            raise self.raises
        if self.takes_nothing:
            return []
        self.published.extend(messages)
        return list(messages)


def private_key() -> str:
    """Return a new key for ES256 as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(private_pem: str) -> bytes:
    """Return the public half of a private key as PEM, which an attacker knows."""
    public = load_pem_private_key(private_pem.encode(), password=None).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signing_keys(*kids: str) -> SigningKeys:
    """Return new keys, of which the last one signs."""
    names = kids or ("key-1",)
    keys = [SigningKey(kid=kid, private_key=private_key()) for kid in names]
    return SigningKeys(current=names[-1], keys=keys)


def use_keys(monkeypatch: pytest.MonkeyPatch, keys: SigningKeys) -> SigningKeys:
    """Sign and verify with these keys, without Secrets Manager."""
    monkeypatch.setattr(auth, "signing_keys", lambda: keys)
    monkeypatch.setattr(auth, "published_keys", lambda: public_part(keys))
    monkeypatch.setattr(auth, "refresh_published_keys", lambda _: None)
    return keys


def claims(issued_at: datetime | None = None, **changes: Any) -> dict[str, Any]:
    """Return valid claims; a change to None leaves a claim out."""
    at = issued_at or now()
    complete = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": CUSTOMER_ID,
        "role": "customer",
        "sid": SESSION_ID,
        "ver": 0,
        "iat": at,
        "exp": at + timedelta(minutes=15),
    } | changes
    return {name: value for name, value in complete.items() if value is not None}


def signed(content: dict[str, Any], key: SigningKey, **header: Any) -> str:
    """Return a token over these claims."""
    return jwt.encode(
        content, key.private_key, algorithm=ALGORITHM, headers={"kid": key.kid} | header
    )


def segment(content: object) -> str:
    """Return one part of a token: JSON in base64url without padding."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
