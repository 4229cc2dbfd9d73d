"""Known devices and networks: they signed in to the account with its current password.

Failures of strangers slow down only strangers, not known devices and networks. Both proofs depend
on the password's hash, so a new password invalidates them.
"""

import secrets
from typing import Final

from tidings.platform.retention import in_redis
from tidings.platform.security import store
from tidings.platform.security.limits import digest
from tidings.platform.security.signatures import is_signed, signature
from tidings.users.models import User

# From the last sign-in.
KNOWN_NETWORK_SECONDS: Final = in_redis.KNOWN_NETWORK.seconds
# After a registration, which proves less.
NEW_NETWORK_SECONDS: Final = 24 * 3600
_DEVICE: Final = "device-token"


def device_token(user: User) -> str:
    """Return the token for a device's next sign-in, `<name>.<signature>`; it is not stored."""
    name = secrets.token_urlsafe(16)
    return f"{name}.{signature(_DEVICE, _bound(user, name))}"


def device_of(user: User | None, token: str | None) -> str | None:
    """Return the device's name if the token belongs to this account."""
    name, _, offered = (token or "").partition(".")
    return name if is_signed(_DEVICE, _bound(user, name), offered) else None


def remember_network(user: User, network: str, seconds: int = KNOWN_NETWORK_SECONDS) -> None:
    """Mark a network as known to an account for this many seconds.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    store.client().set(_network_key(user, network), "1", ex=seconds)


def knows_network(user: User | None, network: str) -> bool:
    """Say whether an account knows a network; it asks Redis even if there is no account.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    return bool(store.client().exists(_network_key(user, network))) and user is not None


def _network_key(user: User | None, network: str) -> str:
    return store.key("known-network", digest(_bound(user, network)))


def _bound(user: User | None, text: str) -> str:
    return f"{user.id}:{user.password_hash}:{text}" if user else f"::{text}"
