"""List the people who get a message that is for many."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tidings.platform.security.auth import Role
from tidings.users.models import User
from tidings.users.preferences import Preferences


def customers_after(
    user_id: str | None,
    *,
    limit: int,
    language: str | None = None,
    registered_before: datetime | None = None,
) -> list[str]:
    """Return the ids of the next customers, ordered by id and so by registration time.

    Args:
        user_id: the customer to continue after; None starts with the first.
        limit: the maximum number.
        language: only customers who chose this language, in any region.
        registered_before: only customers who registered before this time.
    """
    found = User.objects(**_conditions(language, registered_before))
    if user_id is not None:
        found = found.filter(pk__gt=user_id)
    return list(found.order_by("pk").limit(limit).batch_size(limit + 1).scalar("pk"))


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
    found = User.objects(pk__in=list(user_ids), **_conditions(language, registered_before))
    if tracked:
        found = found.filter(preferences__tracking=True)
    return list(found.order_by("pk").scalar("pk"))


def count_customers(*, language: str | None = None) -> int:
    """Return the number of customers, of one language or in all."""
    return int(User.objects(**_conditions(language, None)).count())


def operator_ids(limit: int = 200) -> list[str]:
    """Return the ids of operators and administrators."""
    roles = [role.value for role in Role if role.includes(Role.OPERATOR)]
    return list(User.objects(role__in=roles, deleted_at=None).limit(limit).scalar("pk"))


def operators_among(user_ids: Iterable[str]) -> frozenset[str]:
    """Return those of these people who are operators or administrators."""
    roles = [role.value for role in Role if role.includes(Role.OPERATOR)]
    found = User.objects(pk__in=list(user_ids), role__in=roles, deleted_at=None)
    return frozenset(found.scalar("pk"))


def _conditions(language: str | None, registered_before: datetime | None) -> dict[str, Any]:
    conditions: dict[str, Any] = {"role": Role.CUSTOMER.value, "deleted_at": None}
    if registered_before is not None:
        conditions["created_at__lt"] = registered_before
    if language is not None:
        conditions["__raw__"] = _speaks(language)
    return conditions


def _speaks(language: str) -> dict[str, Any]:
    """Return the condition for a language; customers who chose none have the default."""
    chosen = {"preferences.language": {"$regex": f"^{re.escape(language)}(-|$)"}}
    if language != Preferences().language:
        return chosen
    return {"$or": [chosen, {"preferences.language": None}]}
