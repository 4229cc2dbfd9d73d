"""Secrets Manager: connections and signing keys, read when first needed and kept a while."""

import time
from datetime import datetime
from functools import cache
from typing import Final

import boto3
from aws_lambda_powertools.utilities import parameters
from botocore.config import Config
from pydantic import BaseModel, ConfigDict

from tidings.platform.settings import settings

# Rotated keys are picked up within this time, without a new environment.
KEYS_MAX_AGE_SECONDS = 60
# What is wrong with a secret is said without its content: errors are logged.
SECRET: Final = ConfigDict(frozen=True, hide_input_in_errors=True)
_CONFIG: Final = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3})

_refreshed_at = float("-inf")


class Connections(BaseModel):
    """Where the services are; the URLs carry their credentials."""

    model_config = SECRET

    mongodb_uri: str
    redis_url: str
    amqp_url: str
    # Signs unsubscribe links and webhooks; never leaves us.
    delivery_key: str | None = None
    # The server that takes mails; SES where there is none.
    smtp_url: str | None = None


class SigningKey(BaseModel):
    model_config = SECRET

    kid: str
    private_key: str
    # Since when it only verifies; None for the one that signs.
    retired_at: datetime | None = None


class SigningKeys(BaseModel):
    """The keys of access tokens: `current` signs, all of `keys` verify."""

    model_config = SECRET

    current: str
    keys: list[SigningKey]


@cache
def connections() -> Connections:
    """Return the services' URLs, from the environment where it has all of them (tests)."""
    here = settings()
    if here.mongodb_uri and here.redis_url and here.amqp_url:
        return Connections(
            mongodb_uri=here.mongodb_uri, redis_url=here.redis_url, amqp_url=here.amqp_url
        )
    return _stored_connections()


def delivery_key() -> str:
    """Return the key from which those of links, webhooks and address hashes are made."""
    key = settings().delivery_key or connections().delivery_key
    if key is None:
        raise LookupError("the secret of the connections has no delivery_key")
    return key


def smtp_url() -> str | None:
    """Return the SMTP server's URL; None where mails go through SES."""
    here = settings()
    if here.smtp_url or here.mongodb_uri:
        return here.smtp_url
    # Not from `connections`, which are read once: mails go elsewhere within a minute.
    return _stored_connections().smtp_url


def signing_keys() -> SigningKeys:
    """Return the keys that sign and verify access tokens."""
    secret = settings().signing_keys_secret
    return SigningKeys.model_validate_json(_read(secret, max_age=KEYS_MAX_AGE_SECONDS))


def refresh_signing_keys(older_than_seconds: float) -> None:
    """Read the keys anew, unless that was done a shorter time ago."""
    global _refreshed_at
    if time.monotonic() - _refreshed_at < older_than_seconds:
        return
    _refreshed_at = time.monotonic()
    _read(settings().signing_keys_secret, max_age=KEYS_MAX_AGE_SECONDS, anew=True)


def store_signing_keys(keys: SigningKeys) -> None:
    """Replace the secret; the functions see it at their next reading."""
    manager = boto3.client("secretsmanager", config=_CONFIG)
    manager.put_secret_value(
        SecretId=settings().signing_keys_secret,
        SecretString=keys.model_dump_json(exclude_none=True),
    )


def _stored_connections() -> Connections:
    text = _read(settings().connections_secret, max_age=KEYS_MAX_AGE_SECONDS)
    return Connections.model_validate_json(text)


def _read(name: str, max_age: int, *, anew: bool = False) -> str:
    value = _provider().get(name, max_age=max_age, force_fetch=anew)
    assert isinstance(value, str)
    return value


@cache
def _provider() -> parameters.SecretsProvider:
    return parameters.SecretsProvider(boto_config=_CONFIG)
