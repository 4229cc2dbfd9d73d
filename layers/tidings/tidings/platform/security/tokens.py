"""Encode and decode JSON Web Tokens (RFC 7519), signed with ES256.

`auth` imports this at its first token (`auth.prepare_to_authenticate`), because it imports
cryptography, which consumers and jobs do not need.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt import api_jws, api_jwt
from jwt.algorithms import ECAlgorithm

from tidings.platform.secrets import PublicKey, SigningKey

ALGORITHM: Final = "ES256"


def encoded(claims: dict[str, Any], key: SigningKey) -> str:
    """Return a token with these claims, signed by a key."""
    private = _private_key(key.private_key)
    return api_jwt.encode(claims, private, algorithm=ALGORITHM, headers={"kid": key.kid})


def key_id(token: str) -> Any:
    """Return the id of the key that a token says it is signed by.

    Raises:
        jwt.exceptions.InvalidTokenError: the token is malformed.
    """
    return api_jws.get_unverified_header(token).get("kid")


def says_expired(token: str, at: datetime) -> bool:
    """Say whether a token claims to be expired; the claim is not verified.

    Raises:
        jwt.exceptions.InvalidTokenError: the token is malformed.
    """
    claims = api_jwt.decode(token, options={"verify_signature": False})
    expires_at = claims.get("exp")
    return isinstance(expires_at, int) and expires_at <= at.timestamp()


def decoded(
    token: str, key: PublicKey, *, issuer: str, audience: str, required: Sequence[str]
) -> dict[str, Any]:
    """Return the claims of a token that a key verifies.

    Raises:
        jwt.exceptions.InvalidTokenError: it is malformed, expired, not signed by this key, for
            another audience, or lacks a required claim.
    """
    claims: dict[str, Any] = api_jwt.decode(
        token,
        _public_key(key),
        algorithms=[ALGORITHM],
        issuer=issuer,
        audience=audience,
        options={"require": list(required)},
    )
    return claims


@lru_cache(maxsize=16)
def _public_key(key: PublicKey) -> EllipticCurvePublicKey:
    loaded = ECAlgorithm(ECAlgorithm.SHA256).from_jwk(key.model_dump())
    assert isinstance(loaded, EllipticCurvePublicKey)
    return loaded


@lru_cache(maxsize=8)
def _private_key(pem: str) -> EllipticCurvePrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key
