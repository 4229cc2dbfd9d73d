"""What other domains ask about persons, with copies in the cache (docs/decisions/0198).

A copy has no secret: no password hash, no token, no code and nothing of their checks. It is found
by the person's id only, and whoever asks checks the rights before.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from tidings.platform.caching.snapshots import Snapshots
from tidings.platform.retention import in_redis
from tidings.platform.storage.rows import rows_of
from tidings.users.models import User

# The fields that are read. Those that are not named here do not leave the database.
READ: Final = (
    *("email", "name", "role", "preferences", "verified_at", "created_at"),
    *("phone", "phone_verified_at", "webhook_url", "webhook_id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person with an account, without secrets."""

    id: str
    email: str
    email_verified: bool
    name: str
    role: str
    # Only the person's choices.
    preferences: dict[str, Any]
    phone: str | None
    phone_verified: bool
    webhook_url: str | None
    webhook_id: str | None
    created_at: datetime
    # The account's generation before it was read, if it was read for its owner.
    generation: str | None = None


# The fields that an account has under the same name.
SAME: Final = tuple(each.name for each in fields(Person) if each.name != "generation")
_copies: Final = Snapshots("person", Person, seconds=in_redis.PERSONS.seconds)


def persons(user_ids: Iterable[str]) -> dict[str, Person]:
    """Return the persons with these ids who have an account, in at most one database command."""
    return _copies.get_many(list(dict.fromkeys(user_ids)), _load)


def own_person(user_id: str, generation: str) -> Person | None:
    """Return the caller's own account as of a generation, which the call's admission has read.

    A copy of another generation is not used, so an account is never older than the call.
    """

    def load(wanted: list[str]) -> dict[str, Person]:
        return {
            user_id: replace(person, generation=generation)
            for user_id, person in _load(wanted).items()
        }

    found = _copies.get_many([user_id], load).get(user_id)
    if found is not None and found.generation != generation:
        # It was made for another reader, or of a former generation. What is there after this was
        # read after the call's admission.
        _copies.forget([user_id])
        found = _copies.get_many([user_id], load).get(user_id)
    return found


def forget(user_ids: Iterable[str]) -> None:
    """Delete the copies of persons whose account has changed."""
    _copies.forget(user_ids)


def _load(user_ids: list[str]) -> dict[str, Person]:
    found = User._get_collection().find(
        {"_id": {"$in": user_ids}, "deleted_at": None}, READ, batch_size=len(user_ids) + 1
    )
    return {
        each.id: Person(**{name: getattr(each, name) for name in SAME})
        for each in rows_of(User, found)
    }
