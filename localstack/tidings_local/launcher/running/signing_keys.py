"""The private and public keys of access tokens."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


def make_signing_keys(at: datetime | None = None) -> dict[str, Any]:
    key_id = secrets.token_hex(8)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    made = {
        "kid": key_id,
        "private_key": pem.decode(),
        "created_at": (at or datetime.now(UTC)).isoformat(),
    }
    return {"current": key_id, "keys": [made]}


def public_keys(signing_keys: dict[str, Any]) -> dict[str, Any]:
    """Return the public keys, as functions read them, and when the key that signs was made."""
    keys, current = signing_keys["keys"], signing_keys["current"]
    made = next((each.get("created_at") for each in keys if each["kid"] == current), None)
    found = {"keys": [_jwk(each["kid"], each["private_key"]) for each in keys]}
    return found | ({"created_at": made} if made else {})


def _jwk(kid: str, pem: str) -> dict[str, str]:
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    numbers = key.public_key().public_numbers()
    return {
        **{"kid": kid, "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256"},
        **{"x": _coordinate(numbers.x), "y": _coordinate(numbers.y)},
    }


def _coordinate(number: int) -> str:
    """Return a coordinate in the format of RFC 7518, section 6.2.1.2."""
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()
