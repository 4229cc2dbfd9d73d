"""Issue and verify access tokens, and check roles."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib import import_module
from typing import Any, Final, Literal, NamedTuple

from jwt.exceptions import ExpiredSignatureError, InvalidSignatureError, InvalidTokenError
from pydantic import BaseModel, ConfigDict

from tidings.platform.errors import Forbidden, Unauthenticated
from tidings.platform.observability import metrics
from tidings.platform.secrets import (
    PublicKey,
    published_keys,
    refresh_published_keys,
    signing_keys,
)
from tidings.platform.timing.clock import new_event_id, now

ISSUER: Final = "tidings"
AUDIENCE: Final = "tidings-api"
ACCESS_TOKEN_SECONDS: Final = 15 * 60
# The published keys are at most this old, so a new key appears within this time.
PUBLISHED_KEYS_MAX_AGE_SECONDS: Final = 5
# A forged token can name any key. This limits how often such tokens make us read the secret.
UNKNOWN_KEY_MAX_AGE_SECONDS: Final = 1
# The number of tokens that an environment remembers as verified; each takes about 1 KB.
MAX_VERIFIED: Final = 500
CLAIMS: Final = ("exp", "iat", "iss", "aud", "sub", "role", "sid")


class Role(StrEnum):
    """The rights of a caller; each role of a person includes the rights of the roles before it."""

    CUSTOMER = "customer"
    OPERATOR = "operator"
    ADMIN = "admin"
    # A program, outside that order. It may call only operations that allow services.
    SERVICE = "service"

    def includes(self, other: "Role") -> bool:
        if Role.SERVICE in {self, other}:
            return self is other
        order = list(Role)
        return order.index(self) >= order.index(other)


class TokenOutcome(StrEnum):
    """What became of access tokens, as it is counted."""

    ISSUED = "issued"
    # At the first call with a token in an environment. Later calls count nothing.
    VERIFIED = "verified"
    EXPIRED = "expired"
    # These two do not occur in a customer's normal use: the published keys are wrong, or a token is
    # forged.
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    MALFORMED = "malformed"
    SESSION_ENDED = "session_ended"


def count_token(outcome: TokenOutcome) -> None:
    metrics.count(metrics.ACCESS_TOKENS, {"outcome": outcome.value})


PersonRole = Literal[Role.CUSTOMER, Role.OPERATOR, Role.ADMIN]


class Principal(BaseModel):
    """The caller: a person, or a service, whose `user_id` is the id that it signs in with."""

    model_config = ConfigDict(frozen=True)

    user_id: str
    role: Role
    # The session of this token; its access tokens end with it. For a service it is the service's
    # own.
    session_id: str | None = None
    # The account's security version when the session was checked. None for services.
    security_version: int | None = None
    # The generation of the account when this call was admitted (account_generations). None if it is
    # unknown, then nothing kept is used.
    account_generation: str | None = None


def require(principal: Principal | None, role: Role, *, services: bool = False) -> Principal:
    """Return the caller if the role allows the call, or if it is a service that may call.

    Raises:
        Unauthenticated: the request has no access token.
        Forbidden: the caller's role does not include `role`.
    """
    caller = signed_in(principal)
    if not caller.role.includes(role) and not (services and caller.role is Role.SERVICE):
        raise Forbidden(f"This needs the role {role.value}.")
    return caller


def signed_in(principal: Principal | None) -> Principal:
    """Return the caller of any role.

    Raises:
        Unauthenticated: the request has no access token.
    """
    if principal is None:
        raise Unauthenticated("Sign in first: send the access token as a bearer token.")
    return principal


def require_self(principal: Principal, user_id: str) -> None:
    """Allow the owner and operators.

    Raises:
        Forbidden: the resource belongs to another user.
    """
    if principal.user_id != user_id and not principal.role.includes(Role.OPERATOR):
        raise Forbidden("This belongs to another user.")


def require_own(principal: Principal, user_id: str) -> None:
    """Allow only the owner.

    Raises:
        Forbidden: the resource belongs to another user.
    """
    if principal.user_id != user_id:
        raise Forbidden("This belongs to another user.")


def issue_access_token(principal: Principal, at: datetime | None = None) -> str:
    """Return a signed token that is valid for `ACCESS_TOKEN_SECONDS`.

    A function whose code imports this reads the private keys, so template.yaml must grant that.

    Raises:
        ValueError: the caller has no session, or is a person without a security version.
    """
    _refuse_without_session(principal)
    keys = signing_keys()
    current = next(key for key in keys.keys if key.kid == keys.current)
    issued_at = at or now()
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": principal.user_id,
        "role": principal.role.value,
        "sid": principal.session_id,
        "jti": new_event_id(),
        "iat": issued_at,
        "exp": issued_at + timedelta(seconds=ACCESS_TOKEN_SECONDS),
    }
    if principal.security_version is not None:
        claims["ver"] = principal.security_version
    from tidings.platform.security import tokens  # see prepare_to_authenticate

    token = tokens.encoded(claims, current)
    count_token(TokenOutcome.ISSUED)
    return token


def prepare_to_authenticate() -> None:
    """Import what `authenticate` needs, so that the first call does not wait for it.

    Endpoints call this at their start. Consumers and jobs have no tokens and do without it.
    """
    import_module("tidings.platform.security.tokens")


def authenticate(authorization: str | None) -> Principal | None:
    """Return the caller that an `Authorization` header identifies; None if there is no header.

    Raises:
        Unauthenticated: the header is malformed, or its token is not valid.
    """
    return verify_access_token(_token_in(authorization)) if authorization else None


def expiry_of(authorization: str) -> datetime:
    """Return when the valid access token of an `Authorization` header expires.

    Raises:
        Unauthenticated: the header is malformed, or its token is not valid.
    """
    token = _token_in(authorization)
    verify_access_token(token)
    return datetime.fromtimestamp(_verified(token).expires_at, UTC)


def _token_in(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Send the access token as `Authorization: Bearer <token>`.")
    return token.strip()


class _Verified(NamedTuple):
    """The caller that a token identifies, the key that verified it, and the end of its time."""

    principal: Principal
    key: PublicKey
    expires_at: int


def verify_access_token(token: str) -> Principal:
    """Return the caller that a token identifies.

    A token that was verified before is only checked for what can change: its time and its key.

    Raises:
        Unauthenticated: the token is malformed, expired, or not signed by one of our keys.
    """
    try:
        verified = _verified(token)
        if verified.expires_at <= now().timestamp():
            raise ExpiredSignatureError
        if _key_of(verified.key.kid) != verified.key:
            raise _UnknownKey
        return verified.principal
    except ExpiredSignatureError:
        outcome, why = TokenOutcome.EXPIRED, "The access token has expired."
    except _UnknownKey:
        outcome, why = TokenOutcome.UNKNOWN_KEY, "The access token is not valid: unknown key."
    except InvalidSignatureError:
        outcome, why = TokenOutcome.BAD_SIGNATURE, "The access token is not valid."
    except (InvalidTokenError, ValueError):
        outcome, why = TokenOutcome.MALFORMED, "The access token is not valid."
    count_token(outcome)
    raise Unauthenticated(why)


class _UnknownKey(Exception):
    """No published key has the id that a token names, or it has changed."""


# An error is not kept: lru_cache keeps results only. Only our own tokens are valid and kept.
@lru_cache(maxsize=MAX_VERIFIED)
def _verified(token: str) -> _Verified:
    from tidings.platform.security import tokens  # see prepare_to_authenticate

    key = _key_of(tokens.key_id(token))
    if key is None:
        # After a rotation, old tokens of a key that is gone come back. They are no sign of a fault.
        raise ExpiredSignatureError if tokens.says_expired(token, now()) else _UnknownKey
    claims = tokens.decoded(token, key, issuer=ISSUER, audience=AUDIENCE, required=CLAIMS)
    principal = Principal(
        user_id=claims["sub"],
        role=Role(claims["role"]),
        session_id=claims["sid"],
        security_version=claims.get("ver"),
    )
    _refuse_without_session(principal)
    count_token(TokenOutcome.VERIFIED)
    return _Verified(principal, key, int(claims["exp"]))


def _refuse_without_session(principal: Principal) -> None:
    """Refuse a token that could not be revoked by ending a session or changing the account.

    Raises:
        ValueError: the token names no session, or it is a person's and names no security version.
    """
    if not principal.session_id:
        raise ValueError("an access token must name a session")
    if principal.role is not Role.SERVICE and principal.security_version is None:
        raise ValueError("a person's access token must name the account's security version")


def public_keys() -> dict[str, Any]:
    """Return the keys that verify our tokens as a JWK Set (RFC 7517)."""
    refresh_published_keys(PUBLISHED_KEYS_MAX_AGE_SECONDS)
    return published_keys().model_dump(include={"keys"})


def signing_since() -> datetime | None:
    """Return when the key that signs was made; None if that is not recorded.

    Raises:
        SecretsManagerError: the public keys cannot be read.
    """
    return published_keys().created_at


def _key_of(kid: Any) -> PublicKey | None:
    """Return the key with this id. If it is unknown, read the keys again: it may be new."""
    found = next((each for each in published_keys().keys if each.kid == kid), None)
    if found is None:
        refresh_published_keys(UNKNOWN_KEY_MAX_AGE_SECONDS)
        found = next((each for each in published_keys().keys if each.kid == kid), None)
    return found
