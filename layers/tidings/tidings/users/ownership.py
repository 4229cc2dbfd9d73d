"""Decide who owns an account: the first person who proves that they read its address.

Anyone can register an address. Until it is verified, its account contains data that a stranger may
have set. So a person who proves the address (by a code from a mail) but not that they created the
account gets a reset account.
"""

from typing import Final

from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.text.search_keys import folded
from tidings.platform.timing.clock import now
from tidings.users import credentials, kept_accounts
from tidings.users.events import UserVerified, UserVerifiedData
from tidings.users.models import NO_CONTACT_POINTS, PushToken, User

# Not a hash, so it matches no password.
NO_PASSWORD: Final = "-"
# The name until the owner sets one.
NEW_OWNER: Final = "Customer"


def confirm(user: User) -> bool:
    """Verify the address for the person who created the account, and publish an event.

    Returns:
        False if the address was verified before, or the password changed meanwhile.
    """
    same = User.objects(
        pk=user.id, verified_at=None, deleted_at=None, password_hash=user.password_hash
    )
    with kept_accounts.changing(user.id):
        changed = outbox.change(same, _verified(user.id), set__verified_at=now())
    if changed is None:
        return False
    logger.info("address verified", user_id=user.id)
    return True


def take_over(user_id: str, *, password_hash: str = NO_PASSWORD) -> User | None:
    """Reset an unverified account for the person who reads its address, and publish an event.

    Name, password, contact points, devices, preferences and sessions set before are removed.

    Returns:
        The account; None if the address was verified before, and then nothing changes.

    Raises:
        redis.RedisError: Redis is unavailable; sessions may continue, and the address is not
            verified.
    """
    unverified = User.objects(pk=user_id, verified_at=None, deleted_at=None)
    if unverified.only("id").first() is None:
        return None
    # Devices are removed before the change, so that a crash leaves no stranger's device on a
    # verified account, and again after it, in case one was added in between.
    _forget_devices(user_id)
    with credentials.changing(user_id):
        taken = outbox.change(
            unverified,
            _verified(user_id),
            set__verified_at=now(),
            set__name=NEW_OWNER,
            set__name_key=folded(NEW_OWNER),
            set__password_hash=password_hash,
            set__preferences={},
            **NO_CONTACT_POINTS,
            **credentials.NEXT_VERSION,
        )
    _forget_devices(user_id)
    if taken is not None:
        logger.info("address verified: account reset for its owner", user_id=user_id)
    return taken


def _forget_devices(user_id: str) -> None:
    PushToken.objects(user_id=user_id).delete()


def _verified(user_id: str) -> UserVerified:
    return UserVerified(subject=user_id, data=UserVerifiedData(user_id=user_id))
