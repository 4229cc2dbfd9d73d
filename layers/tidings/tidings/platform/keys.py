"""Changing the key that signs access tokens, without logging anyone out."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tidings.platform.auth import ACCESS_TOKEN_SECONDS
from tidings.platform.clock import now
from tidings.platform.logging import logger
from tidings.platform.secrets import (
    KEYS_MAX_AGE_SECONDS,
    SigningKey,
    SigningKeys,
    refresh_signing_keys,
    signing_keys,
    store_signing_keys,
)

# Environments sign with a key that they read up to `KEYS_MAX_AGE_SECONDS` ago; its last token
# lives so long. The rest is for clocks that differ.
RETIRED_FOR: Final = timedelta(seconds=ACCESS_TOKEN_SECONDS + KEYS_MAX_AGE_SECONDS + 4 * 60)


def rotate_signing_keys(at: datetime | None = None) -> SigningKeys:
    """Let a new key sign from now on; the old ones verify until their last token is dead."""
    refresh_signing_keys(0)
    keys = rotated(signing_keys(), at or now())
    store_signing_keys(keys)
    logger.info("signing key rotated", kid=keys.current, keys=len(keys.keys))
    return keys


def rotated(keys: SigningKeys, at: datetime) -> SigningKeys:
    """Return the keys with a fresh one in front, without those that no living token needs."""
    retired = [_retired(key, at) for key in keys.keys]
    kept = [key for key in retired if key.retired_at and at - key.retired_at < RETIRED_FOR]
    fresh = _new_key()
    return SigningKeys(current=fresh.kid, keys=[fresh, *kept])


def _retired(key: SigningKey, at: datetime) -> SigningKey:
    return key if key.retired_at else key.model_copy(update={"retired_at": at})


def _new_key() -> SigningKey:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return SigningKey(kid=secrets.token_hex(8), private_key=pem.decode())
