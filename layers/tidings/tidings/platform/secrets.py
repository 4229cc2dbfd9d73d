"""Read connections and signing keys from Secrets Manager at first use, and cache them."""

import time
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from tidings.platform.logging import logger
from tidings.platform.secrets_manager import SecretsManagerError, get_secret, put_secret
from tidings.platform.settings import settings

# A running environment uses rotated keys within this time.
KEYS_MAX_AGE_SECONDS = 60
# Errors are logged, so they must not contain a secret's content.
SECRET: Final = ConfigDict(frozen=True, hide_input_in_errors=True)

# Asking takes seconds while nothing answers.
ASK_AGAIN_SECONDS: Final = 30

_refreshed_at = float("-inf")


@dataclass(slots=True)
class _Kept:
    value: str
    read_at: float
    ask_again_at: float = 0


_kept: dict[str, _Kept] = {}


class Connections(BaseModel):
    """The addresses of the services; the URLs contain their credentials."""

    model_config = SECRET

    mongodb_uri: str
    # `redis_url` never evicts and holds data that security depends on. The cache may lose
    # everything.
    redis_url: str
    cache_redis_url: str
    amqp_url: str
    # Signs unsubscribe links and webhooks; it stays inside the backend.
    delivery_key: str | None = None
    # Prometheus sends it to /metrics, unless /metrics is open.
    metrics_token: str | None = None
    # The SMTP server for mails; None selects SES.
    smtp_url: str | None = None


class SigningKey(BaseModel):
    model_config = SECRET

    kid: str
    private_key: str
    # The time from which it only verifies; None for the key that signs.
    retired_at: datetime | None = None


class SigningKeys(BaseModel):
    """The private keys of access tokens: `current` signs, the others are retired."""

    model_config = SECRET

    current: str
    keys: list[SigningKey]


class PublicKey(BaseModel):
    """The public key that verifies tokens of one signing key, as a JWK (RFC 7517, RFC 7518 6.2)."""

    model_config = SECRET

    kid: str
    kty: Literal["EC"] = "EC"
    crv: Literal["P-256"] = "P-256"
    x: str
    y: str
    use: Literal["sig"] = "sig"
    alg: Literal["ES256"] = "ES256"


class PublicKeys(BaseModel):
    """The keys that verify access tokens, as a JWK Set (RFC 7517)."""

    model_config = SECRET

    keys: list[PublicKey]


@cache
def connections() -> Connections:
    """Return the services' URLs, from the environment if it has all of them (tests)."""
    here = settings()
    if here.mongodb_uri and here.redis_url and here.amqp_url:
        return Connections(
            mongodb_uri=here.mongodb_uri,
            redis_url=here.redis_url,
            # One server is enough for tests. The secret of deployed functions names both.
            cache_redis_url=here.cache_redis_url or here.redis_url,
            amqp_url=here.amqp_url,
        )
    return _stored_connections()


def delivery_key() -> str:
    """Return the key from which the keys of links, webhooks and address hashes are derived."""
    key = settings().delivery_key or connections().delivery_key
    if key is None:
        raise LookupError("the secret of the connections has no delivery_key")
    return key


def smtp_url() -> str | None:
    """Return the SMTP server's URL; None if mails go through SES."""
    here = settings()
    if here.smtp_url or here.mongodb_uri:
        return here.smtp_url
    # `connections` are read only once, but a change of the mail server must take effect within a
    # minute.
    return _stored_connections().smtp_url


def metrics_token() -> str | None:
    """Return the token that callers of /metrics must send; None if no token gives access."""
    return connections().metrics_token


def signing_keys(*, anew: bool = False) -> SigningKeys:
    """Return the keys that sign access tokens; only functions that sign may read them."""
    secret = settings().signing_keys_secret
    return SigningKeys.model_validate_json(_read(secret, max_age=KEYS_MAX_AGE_SECONDS, anew=anew))


def published_keys() -> PublicKeys:
    """Return the keys that verify access tokens."""
    secret = settings().public_keys_secret
    return PublicKeys.model_validate_json(_read(secret, max_age=KEYS_MAX_AGE_SECONDS))


def refresh_published_keys(older_than_seconds: float) -> None:
    """Read the verifying keys again, unless they were read within `older_than_seconds`."""
    global _refreshed_at
    if time.monotonic() - _refreshed_at < older_than_seconds:
        return
    _refreshed_at = time.monotonic()
    _read(settings().public_keys_secret, max_age=KEYS_MAX_AGE_SECONDS, anew=True)


def store_published_keys(keys: PublicKeys) -> None:
    """Replace the secret with the verifying keys."""
    _store(settings().public_keys_secret, keys)


def store_signing_keys(keys: SigningKeys) -> None:
    """Replace the secret with the signing keys; publish each key before it signs."""
    _store(settings().signing_keys_secret, keys)


def _store(secret: str, keys: BaseModel) -> None:
    put_secret(secret, keys.model_dump_json(exclude_none=True))


def _stored_connections() -> Connections:
    text = _read(settings().connections_secret, max_age=KEYS_MAX_AGE_SECONDS)
    return Connections.model_validate_json(text)


def _read(name: str, max_age: int, *, anew: bool = False) -> str:
    """Return a secret; the last value while Secrets Manager is unavailable.

    Raises:
        SecretsManagerError: it cannot be read, and there is no earlier value that may be used.
    """
    kept, at = _kept.get(name), time.monotonic()
    if kept and not anew and at < max(kept.read_at + max_age, kept.ask_again_at):
        return kept.value
    try:
        value = get_secret(name)
    except SecretsManagerError as error:
        if kept is None or anew or not error.is_away:
            raise
        logger.warning("secret not read, its last value is used: Secrets Manager is unavailable")
        kept.ask_again_at = time.monotonic() + ASK_AGAIN_SECONDS
        return kept.value
    _kept[name] = _Kept(value, read_at=time.monotonic())
    return value
