"""Customers in order, for what tells many people."""

import re
from datetime import datetime
from typing import Any

from tidings.platform.auth import Role
from tidings.users.models import User
from tidings.users.preferences import Preferences


def customers_after(
    user_id: str | None,
    *,
    limit: int,
    language: str | None = None,
    registered_before: datetime | None = None,
) -> list[str]:
    """Return the ids of the next customers in order of their ids, which is that of time.

    Args:
        user_id: the one to go on from; from the first on where None.
        limit: how many at most.
        language: only who is told things in it, whatever the region.
        registered_before: only who has had an account for longer.
    """
    found = User.objects(**_conditions(language, registered_before))
    if user_id is not None:
        found = found.filter(pk__gt=user_id)
    return list(found.order_by("pk").limit(limit).batch_size(limit + 1).scalar("pk"))


def count_customers(*, language: str | None = None) -> int:
    """Return how many customers there are that are told things in a language, or at all."""
    return int(User.objects(**_conditions(language, None)).count())


def _conditions(language: str | None, registered_before: datetime | None) -> dict[str, Any]:
    conditions: dict[str, Any] = {"role": Role.CUSTOMER.value, "deleted_at": None}
    if registered_before is not None:
        conditions["created_at__lt"] = registered_before
    if language is not None:
        conditions["__raw__"] = _speaks(language)
    return conditions


def _speaks(language: str) -> dict[str, Any]:
    """Return the condition for a language; who chose none has the default one."""
    chosen = {"preferences.language": {"$regex": f"^{re.escape(language)}(-|$)"}}
    if language != Preferences().language:
        return chosen
    return {"$or": [chosen, {"preferences.language": None}]}
