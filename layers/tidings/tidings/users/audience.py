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
    conditions: dict[str, Any] = {"role": Role.CUSTOMER.value, "deleted_at": None}
    if user_id is not None:
        conditions["pk__gt"] = user_id
    if registered_before is not None:
        conditions["created_at__lt"] = registered_before
    if language is not None:
        conditions["__raw__"] = _speaks(language)
    return list(User.objects(**conditions).order_by("pk").limit(limit).scalar("pk"))


def _speaks(language: str) -> dict[str, Any]:
    """Return the condition for a language; who chose none has the default one."""
    chosen = {"preferences.language": {"$regex": f"^{re.escape(language)}(-|$)"}}
    if language != Preferences().language:
        return chosen
    return {"$or": [chosen, {"preferences.language": None}]}
