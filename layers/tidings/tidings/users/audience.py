"""List the people who get a message that is for many."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from tidings.platform.security.auth import Role
from tidings.users.models import User
from tidings.users.preferences import Preferences

_DECIDING: Final = ("role", "deleted_at", "created_at", "preferences.language")


class Customers(NamedTuple):
    """Some customers; `last_id` is the last account looked at, None if no more follow."""

    user_ids: list[str]
    last_id: str | None


def customers_after(
    user_id: str | None,
    *,
    limit: int,
    language: str | None = None,
    registered_before: datetime | None = None,
) -> Customers:
    """Return the customers among the next accounts, ordered by id.

    The conditions have no index. So the number of accounts is limited, not that of customers: a
    call takes the same time if few of them meet the conditions, and may return none of many. The
    role is compared here, too, because almost all accounts are customers, and because the embedded
    MongoDB reads the index of roles, whose ids descend, in this order only as a whole.

    Args:
        user_id: the account to continue after; None starts with the first.
        limit: the maximum number of accounts to look at.
        language: only customers who chose this language, in any region.
        registered_before: only customers who registered before this time.
    """
    found = User.objects() if user_id is None else User.objects(pk__gt=user_id)
    read = found.order_by("pk").limit(limit).only(*_DECIDING).batch_size(limit + 1)
    accounts = list(read.as_pymongo())
    return Customers(
        [each["_id"] for each in accounts if _is_meant(each, language, registered_before)],
        accounts[-1]["_id"] if len(accounts) == limit else None,
    )


def customers_among(
    user_ids: Iterable[str],
    *,
    language: str | None = None,
    registered_before: datetime | None = None,
    tracked: bool = False,
) -> list[str]:
    """Return those of these people who are such customers, ordered by id; see `customers_after`.

    Args:
        tracked: only customers who agree that opens and clicks of mails are recorded.
    """
    found = User.objects(pk__in=list(user_ids))
    if tracked:
        found = found.filter(preferences__tracking=True)
    accounts = found.order_by("pk").only(*_DECIDING).as_pymongo()
    return [each["_id"] for each in accounts if _is_meant(each, language, registered_before)]


def operator_ids(limit: int = 200) -> list[str]:
    """Return the ids of operators and administrators."""
    roles = [role.value for role in Role if role.includes(Role.OPERATOR)]
    return list(User.objects(role__in=roles, deleted_at=None).limit(limit).scalar("pk"))


def operators_among(user_ids: Iterable[str]) -> frozenset[str]:
    """Return those of these people who are operators or administrators."""
    roles = [role.value for role in Role if role.includes(Role.OPERATOR)]
    found = User.objects(pk__in=list(user_ids), role__in=roles, deleted_at=None)
    return frozenset(found.scalar("pk"))


def _is_meant(
    account: Mapping[str, Any], language: str | None, registered_before: datetime | None
) -> bool:
    """Say whether an account is that of a customer who meets these conditions."""
    return (
        account["role"] == Role.CUSTOMER.value
        and account.get("deleted_at") is None
        and (registered_before is None or account["created_at"] < registered_before)
        and (language is None or _speaks(account.get("preferences") or {}, language))
    )


def _speaks(preferences: Mapping[str, Any], language: str) -> bool:
    """Say whether a language was chosen, in any region; without a choice it is the default."""
    chosen = preferences.get("language")
    if chosen is None:
        chosen = Preferences().language
    return f"{chosen}-".startswith(f"{language}-")
