"""Access tokens (JWT, RFC 7519, signed with ES256) and who they stand for."""

from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm
from pydantic import BaseModel, ConfigDict

from tidings.platform.clock import new_event_id, now
from tidings.platform.errors import Forbidden, Unauthenticated
from tidings.platform.secrets import SigningKey, refresh_signing_keys, signing_keys

ALGORITHM: Final = "ES256"
ISSUER: Final = "tidings"
AUDIENCE: Final = "tidings-api"
ACCESS_TOKEN_SECONDS: Final = 15 * 60
# A new key is published this soon after it was made.
PUBLISHED_KEYS_MAX_AGE_SECONDS: Final = 5
# Foreign tokens can name any key: they make us read the secret once in this time, no more.
UNKNOWN_KEY_MAX_AGE_SECONDS: Final = 1
CLAIMS: Final = ("exp", "iat", "iss", "aud", "sub", "role")


class Role(StrEnum):
    """What a caller may do; each role of people may do what those before it may."""

    CUSTOMER = "customer"
    OPERATOR = "operator"
    ADMIN = "admin"
    # A machine, outside of that order: it may do what names services, and nothing else.
    SERVICE = "service"

    def includes(self, other: "Role") -> bool:
        if Role.SERVICE in {self, other}:
            return self is other
        order = list(Role)
        return order.index(self) >= order.index(other)


PersonRole = Literal[Role.CUSTOMER, Role.OPERATOR, Role.ADMIN]


class Principal(BaseModel):
    """Who calls: a person, or a service, whose `user_id` is the one it signs in with."""

    model_config = ConfigDict(frozen=True)

    user_id: str
    role: Role
    # Which of the user's sessions; its access tokens die with it. A service is its own.
    session_id: str | None = None


def require(principal: Principal | None, role: Role, *, services: bool = False) -> Principal:
    """Return the caller if they have that role, or are a service where services may.

    Raises:
        Unauthenticated: nobody is signed in.
        Forbidden: the caller's role does not include it.
    """
    caller = signed_in(principal)
    if not caller.role.includes(role) and not (services and caller.role is Role.SERVICE):
        raise Forbidden(f"This needs the role {role.value}.")
    return caller


def signed_in(principal: Principal | None) -> Principal:
    """Return the caller, whatever they may do.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    if principal is None:
        raise Unauthenticated("Sign in first: send the access token as a bearer token.")
    return principal


def require_self(principal: Principal, user_id: str) -> None:
    """Let through the person themself, and operators.

    Raises:
        Forbidden: it belongs to somebody else.
    """
    if principal.user_id != user_id and not principal.role.includes(Role.OPERATOR):
        raise Forbidden("This belongs to somebody else.")


def require_own(principal: Principal, user_id: str) -> None:
    """Let through the person themself, and nobody else.

    Raises:
        Forbidden: it belongs to somebody else.
    """
    if principal.user_id != user_id:
        raise Forbidden("This belongs to somebody else.")


def issue_access_token(principal: Principal, at: datetime | None = None) -> str:
    """Return a signed token that is good for `ACCESS_TOKEN_SECONDS`."""
    keys = signing_keys()
    current = next(key for key in keys.keys if key.kid == keys.current)
    issued_at = at or now()
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": principal.user_id,
        "role": principal.role.value,
        "jti": new_event_id(),
        "iat": issued_at,
        "exp": issued_at + timedelta(seconds=ACCESS_TOKEN_SECONDS),
    }
    if principal.session_id:
        claims["sid"] = principal.session_id
    key = _private_key(current.private_key)
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": current.kid})


def authenticate(authorization: str | None) -> Principal | None:
    """Return who an `Authorization` header stands for; None where there is none.

    Raises:
        Unauthenticated: there is one, and it does not hold.
    """
    if not authorization:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Send the access token as `Authorization: Bearer <token>`.")
    return verify_access_token(token.strip())


def verify_access_token(token: str) -> Principal:
    """Return who a token stands for.

    Raises:
        Unauthenticated: it is malformed, expired, or not signed by one of our keys.
    """
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = _key_of(kid)
        if key is None:
            raise Unauthenticated("The access token does not hold: unknown key.")
        claims = jwt.decode(
            token,
            _private_key(key.private_key).public_key(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=AUDIENCE,
            options={"require": list(CLAIMS)},
        )
        return Principal(
            user_id=claims["sub"], role=Role(claims["role"]), session_id=claims.get("sid")
        )
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("The access token has expired.") from None
    except (jwt.InvalidTokenError, ValueError):
        raise Unauthenticated("The access token does not hold.") from None


def public_keys() -> dict[str, Any]:
    """Return the keys that verify our tokens, as a JWK Set (RFC 7517)."""
    refresh_signing_keys(PUBLISHED_KEYS_MAX_AGE_SECONDS)
    return {"keys": [_public_jwk(key) for key in signing_keys().keys]}


def _key_of(kid: Any) -> SigningKey | None:
    """Return the key of that name; one that is not known may have been made a moment ago."""
    found = next((each for each in signing_keys().keys if each.kid == kid), None)
    if found is None:
        refresh_signing_keys(UNKNOWN_KEY_MAX_AGE_SECONDS)
        found = next((each for each in signing_keys().keys if each.kid == kid), None)
    return found


def _public_jwk(key: SigningKey) -> dict[str, Any]:
    public = _private_key(key.private_key).public_key()
    jwk = ECAlgorithm.to_jwk(public, as_dict=True)
    return jwk | {"kid": key.kid, "use": "sig", "alg": ALGORITHM}


@lru_cache(maxsize=8)
def _private_key(pem: str) -> EllipticCurvePrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key
