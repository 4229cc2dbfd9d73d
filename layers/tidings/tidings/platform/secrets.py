"""Read addresses and keys from Secrets Manager at first use, and cache them.

Each service and each key has a secret of its own, so that template.yaml grants each function only
those that its code reads (docs/decisions/0136).
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from tidings.platform.logging import logger
from tidings.platform.mail_servers import ONLY_SES, MailServer, mail_servers
from tidings.platform.secrets_manager import SecretsManagerError as SecretsManagerError
from tidings.platform.secrets_manager import get_secret, put_secret
from tidings.platform.settings import settings

# The names of the secrets, after the setting `secrets_prefix`.
MONGODB: Final = "mongodb"
SECURITY_STORE: Final = "security-store"
CACHE: Final = "cache"
RABBITMQ: Final = "rabbitmq"
SMTP: Final = "smtp"
DELIVERY_KEY: Final = "delivery-key"
METRICS_TOKEN: Final = "metrics-token"
SIGNING_KEYS: Final = "signing-keys"
PUBLIC_KEYS: Final = "public-keys"

# A running environment uses rotated keys within this time.
KEYS_MAX_AGE_SECONDS = 60
# It uses changed addresses and passwords within this time, or at once after the old ones were
# refused. A service that refuses everything is no reason to read its secret at each call.
ADDRESS_MAX_AGE_SECONDS = 300
REFUSED_MAX_AGE_SECONDS = 5
# Errors are logged, so they must not contain a secret's content.
SECRET: Final = ConfigDict(frozen=True, hide_input_in_errors=True)

# Asking takes seconds while nothing answers.
ASK_AGAIN_SECONDS: Final = 30

_refreshed_at = float("-inf")


@dataclass(slots=True)
class _Kept:
    value: Any
    read_at: float
    ask_again_at: float = 0


_kept: dict[str, _Kept] = {}


class Address(BaseModel):
    """The URL of a service, with the credentials."""

    model_config = SECRET

    url: str


class Mails(BaseModel):
    """The ways to send mails in their order, or one SMTP server; without either it is SES."""

    model_config = SECRET

    providers: list[str] | None = None
    url: str | None = None


class DeliveryKey(BaseModel):
    """The key from which those of links, webhooks and address hashes are derived."""

    model_config = SECRET

    key: str = Field(min_length=32)


class MetricsToken(BaseModel):
    """The token that Prometheus sends to /metrics; None if no token gives access."""

    model_config = SECRET

    token: str | None = None


class SigningKey(BaseModel):
    model_config = SECRET

    kid: str
    private_key: str
    # None for a key of a release that did not record it.
    created_at: datetime | None = None
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
    # When the key that signs was made, for functions that may not read the private keys. None for a
    # key of a release that did not record it.
    created_at: datetime | None = None


Form = TypeVar("Form", bound=BaseModel)


class Url(Protocol):
    """Returns the address of a service, as the functions below."""

    def __call__(self, *, refused: bool = False) -> str:
        """Return the address.

        Args:
            refused: whether the service refused the last one, so that it is read again.
        """


def mongodb_url(*, refused: bool = False) -> str:
    """Return the URL of MongoDB."""
    return settings().mongodb_uri or _address(MONGODB, refused=refused)


def security_store_url(*, refused: bool = False) -> str:
    """Return the URL of the Redis that never evicts."""
    return settings().redis_url or _address(SECURITY_STORE, refused=refused)


def cache_url(*, refused: bool = False) -> str:
    """Return the URL of the Redis that may lose everything."""
    here = settings()
    # One server is enough for tests. Deployed functions read both from secrets.
    return here.cache_redis_url or here.redis_url or _address(CACHE, refused=refused)


def amqp_url(*, refused: bool = False) -> str:
    """Return the URL of RabbitMQ."""
    return settings().amqp_url or _address(RABBITMQ, refused=refused)


def providers_of_mails() -> tuple[MailServer, ...]:
    """Return the servers for mails, in the order in which they are tried.

    Raises:
        ValueError: the secret has a server that cannot be used.
        SecretsManagerError: the secret cannot be read.
    """
    here = settings()
    if here.mongodb_uri or here.smtp_url or here.mail_providers:
        providers, url = (here.mail_providers or "").split(), here.smtp_url
    else:
        # A change of the mail server must take effect within a minute.
        secret = _read(SMTP, Mails, max_age=KEYS_MAX_AGE_SECONDS)
        providers, url = secret.providers or [], secret.url
    written = providers or ([url] if url else [])
    return mail_servers(written) if written else ONLY_SES


def delivery_key() -> str:
    """Return the key from which the keys of links, webhooks and address hashes are derived."""
    return (
        settings().delivery_key
        or _read(DELIVERY_KEY, DeliveryKey, max_age=ADDRESS_MAX_AGE_SECONDS).key
    )


def metrics_token() -> str | None:
    """Return the token that callers of /metrics must send; None if no token gives access."""
    if settings().mongodb_uri:
        return None
    return _read(METRICS_TOKEN, MetricsToken, max_age=ADDRESS_MAX_AGE_SECONDS).token


def signing_keys(*, anew: bool = False) -> SigningKeys:
    """Return the keys that sign access tokens; only functions that sign may read them."""
    return _read(SIGNING_KEYS, SigningKeys, max_age=KEYS_MAX_AGE_SECONDS, anew=anew)


def published_keys() -> PublicKeys:
    """Return the keys that verify access tokens."""
    return _read(PUBLIC_KEYS, PublicKeys, max_age=KEYS_MAX_AGE_SECONDS)


def refresh_published_keys(older_than_seconds: float) -> None:
    """Read the verifying keys again, unless they were read within `older_than_seconds`."""
    global _refreshed_at
    if time.monotonic() - _refreshed_at < older_than_seconds:
        return
    _refreshed_at = time.monotonic()
    _read(PUBLIC_KEYS, PublicKeys, max_age=KEYS_MAX_AGE_SECONDS, anew=True)


def store_published_keys(keys: PublicKeys) -> None:
    """Replace the secret with the verifying keys."""
    _store(PUBLIC_KEYS, keys)


def store_signing_keys(keys: SigningKeys) -> None:
    """Replace the secret with the signing keys; publish each key before it signs."""
    _store(SIGNING_KEYS, keys)


def _store(name: str, keys: BaseModel) -> None:
    put_secret(_full_name(name), keys.model_dump_json(exclude_none=True))


def _address(name: str, *, refused: bool) -> str:
    max_age = REFUSED_MAX_AGE_SECONDS if refused else ADDRESS_MAX_AGE_SECONDS
    return _read(name, Address, max_age=max_age).url


def _full_name(name: str) -> str:
    return f"{settings().secrets_prefix}/{name}"


def _read(name: str, form: type[Form], *, max_age: int, anew: bool = False) -> Form:
    """Return a secret; the last value while Secrets Manager is unavailable.

    Raises:
        SecretsManagerError: it cannot be read, and there is no earlier value that may be used.
        pydantic.ValidationError: its content has another form.
    """
    kept, at = _kept.get(name), time.monotonic()
    if kept and not anew and at < max(kept.read_at + max_age, kept.ask_again_at):
        return kept.value  # type: ignore[no-any-return]
    try:
        text = get_secret(_full_name(name))
    except SecretsManagerError as error:
        if kept is None or anew or not error.is_away:
            raise
        logger.warning(
            "secret not read, its last value is used: Secrets Manager is unavailable", secret=name
        )
        kept.ask_again_at = time.monotonic() + ASK_AGAIN_SECONDS
        return kept.value  # type: ignore[no-any-return]
    value = form.model_validate_json(text)
    _kept[name] = _Kept(value, read_at=time.monotonic())
    return value
