"""Rotate the key that signs access tokens, without logging anyone out.

The private keys are the source; the public keys are derived from them. A new key is published
before it signs. So if a rotation dies halfway, every issued token can still be verified, and the
next rotation makes both secrets consistent.
"""

import secrets
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm

from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.secrets import (
    KEYS_MAX_AGE_SECONDS,
    PublicKey,
    PublicKeys,
    SigningKey,
    SigningKeys,
    signing_keys,
    store_published_keys,
    store_signing_keys,
)
from tidings.platform.security.auth import ACCESS_TOKEN_SECONDS
from tidings.platform.timing.clock import now

# An environment may sign with a key that it read `KEYS_MAX_AGE_SECONDS` ago, and its last token
# lives for `ACCESS_TOKEN_SECONDS`. The rest allows for clock differences.
RETIRED_FOR: Final = timedelta(seconds=ACCESS_TOKEN_SECONDS + KEYS_MAX_AGE_SECONDS + 4 * 60)


def rotate_signing_keys(at: datetime | None = None) -> SigningKeys:
    """Sign with a new key from now on; old keys still verify until their last token expires."""
    before = signing_keys(anew=True)
    keys = rotated(before, at or now())
    acts.concerns("signing_key", keys.current)
    store_published_keys(public_part(keys))
    store_signing_keys(keys)
    acts.changed({"kid": before.current}, {"kid": keys.current})
    logger.info("signing key rotated", kid=keys.current, keys=len(keys.keys))
    return keys


def public_part(keys: SigningKeys) -> PublicKeys:
    """Return the public keys of these private keys."""
    made = next((each.created_at for each in keys.keys if each.kid == keys.current), None)
    return PublicKeys(keys=[_public_part(key) for key in keys.keys], created_at=made)


def rotated(keys: SigningKeys, at: datetime) -> SigningKeys:
    """Return the keys with a new one in front, and without those that no valid token needs."""
    retired = [_retired(key, at) for key in keys.keys]
    kept = [key for key in retired if key.retired_at and at - key.retired_at < RETIRED_FOR]
    fresh = _new_key(at)
    return SigningKeys(current=fresh.kid, keys=[fresh, *kept])


def _public_part(key: SigningKey) -> PublicKey:
    private = load_pem_private_key(key.private_key.encode(), password=None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    jwk = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return PublicKey.model_validate(jwk | {"kid": key.kid})


def _retired(key: SigningKey, at: datetime) -> SigningKey:
    return key if key.retired_at else key.model_copy(update={"retired_at": at})


def _new_key(at: datetime) -> SigningKey:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return SigningKey(kid=secrets.token_hex(8), private_key=pem.decode(), created_at=at)
