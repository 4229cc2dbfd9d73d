"""Change data that sessions depend on: password, role, address, deletion.

Make such a change inside `changing`, and add `NEXT_VERSION` to the write:

    with credentials.changing(user.id):
        User.objects(pk=user.id).update_one(set__role="customer", **credentials.NEXT_VERSION)

A session and its access tokens contain the account's security version. They are refused once the
account has another version (docs/decisions/0076).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from tidings.platform.security.auth import Principal
from tidings.platform.security.ended_sessions import (
    REFUSED_SECONDS,
    allow_version,
    refuse_older_versions,
)
from tidings.platform.security.limits import attempted
from tidings.users import kept_accounts, session_store
from tidings.users.errors import SessionEnded
from tidings.users.models import User

# Add this to the write that changes the account.
NEXT_VERSION: Final[Mapping[str, Any]] = {"inc__security_version": 1}
# Longer than any request that signs in or changes an account.
CHANGE_SECONDS: Final = 60


@contextmanager
def changing(user_id: str) -> Iterator[None]:
    """Change an account in this context, in one write with `NEXT_VERSION`; its sessions end.

    Sessions end before the write, so that a process that dies after it leaves none. They end again
    after it, in case a session started meanwhile. If the write matches nothing, the person may sign
    in again at once. If it fails, they may after `CHANGE_SECONDS`, or when the refusal of an
    earlier version ends.

    Raises:
        redis.RedisError: Redis is unavailable. The account is changed: its sessions cannot be
            refreshed, but access tokens work until they expire. Safe to repeat.
    """
    before = version_of(user_id)
    if before is not None:
        _close(user_id, before)
    with kept_accounts.changing(user_id):
        yield
    after = version_of(user_id)
    if after is not None and after != before:
        refuse_older_versions(user_id, after, REFUSED_SECONDS)
    elif before is not None:
        allow_version(user_id, before)
    session_store.end_all(user_id)


def version_of(user_id: str) -> int | None:
    """Return the security version of an account, deleted or not; None if there is no account."""
    user = User.objects(pk=user_id).only("security_version").first()
    return None if user is None else int(user.security_version)


def require_version(caller: Principal, user_id: str) -> None:
    """Refuse a caller whose session was checked against another version of their account.

    Entry points refuse such tokens, too; this is for a request that was admitted just before.

    Raises:
        SessionEnded: the account changed since then.
    """
    if caller.security_version not in {None, version_of(user_id)}:
        raise SessionEnded


def as_checked(caller: Principal, user_id: str) -> dict[str, Any]:
    """Return the condition that the account has not changed since the caller's token was checked.

    Add it to the filter of a write on the caller's own account. A stranger who registered the
    address, or knew the old password, may have sent a request right before the owner took the
    account over.
    """
    version = caller.security_version
    if caller.user_id != user_id or version is None:
        return {}
    # Accounts of earlier releases have no version, which means 0.
    return {"security_version__in": [version] if version else [0, None]}


def _close(user_id: str, version: int) -> None:
    """End the sessions of the current version, and let no new ones start."""
    with attempted("ending sessions before a change"):
        refuse_older_versions(user_id, version + 1, CHANGE_SECONDS)
        session_store.end_all(user_id)
