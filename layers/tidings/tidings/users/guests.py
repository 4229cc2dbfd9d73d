"""People without an account who gave an address, and confirm by a link that it is theirs.

An account with the same address is never looked at, so nothing tells whether there is one.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from mongoengine import NotUniqueError

from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.events import Event
from tidings.users.models import Guest

# An address that is not confirmed is deleted after this time. Its mail can wait for two days.
CONFIRM_WITHIN: Final = timedelta(days=3)
# After its last message, which can wait for two days, too.
KEPT_AFTER: Final = timedelta(days=7)
TRIES: Final = 3


def invite(email: str, language: str, event_of: Callable[[str], Event], at: datetime) -> str:
    """Store an address, if it is new, with the event that asks its owner; return the guest's id.

    Args:
        event_of: makes the event of a guest's id.
    """
    until = at + CONFIRM_WITHIN
    for _ in range(TRIES):
        known = Guest.objects(email=email).only("id").first()
        if known is not None:
            there = Guest.objects(pk=known.id)
            if outbox.change(there, event_of(known.id), max__expires_at=until):
                return str(known.id)
            continue  # it expired meanwhile
        guest = Guest(email=email, language=language, created_at=at, expires_at=until)
        try:
            outbox.insert(guest, event_of(guest.id))
        except NotUniqueError:
            continue  # another request was faster
        return str(guest.id)
    raise NotUniqueError("a guest was created and deleted again and again")


def confirm(guest_id: str, until: datetime, at: datetime) -> bool:
    """Note that a guest confirmed the address, and keep it until a time.

    Returns:
        False if the guest is gone.
    """
    there = Guest.objects(pk=guest_id)
    there.filter(verified_at=None).update_one(set__verified_at=at)
    return bool(there.update_one(max__expires_at=until, full_result=True).matched_count)


def end_soon(guest_ids: Iterable[str], at: datetime) -> None:
    """Keep guests who wait for nothing more only until their last message has left."""
    ids = list(guest_ids)
    if ids:
        Guest.objects(pk__in=ids).update(set__expires_at=at + KEPT_AFTER)


def keep(guest_ids: Iterable[str], until: datetime) -> None:
    """Keep guests at least until a time."""
    ids = list(guest_ids)
    if ids:
        Guest.objects(pk__in=ids).update(max__expires_at=until)


def forget(guest_id: str) -> bool:
    """Delete a guest; return whether it was there."""
    deleted = bool(Guest.objects(pk=guest_id).delete())
    logger.info("guest deleted", user_id=guest_id, was_there=deleted)
    return deleted
