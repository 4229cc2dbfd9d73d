"""What can be asked about accounts."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from mongoengine import Q

from tidings.platform.auth import Principal, Role, require, require_self
from tidings.platform.pagination import Page, PageRequest, paginate
from tidings.users.errors import UserNotFound
from tidings.users.models import User
from tidings.users.preferences import Preferences
from tidings.users.schemas import UserFilter, UserView


def get_user(user_id: str, *, caller: Principal) -> UserView:
    """Return an account.

    Raises:
        Forbidden: it is somebody else's, and the caller is no operator.
        UserNotFound: there is none.
    """
    require_self(caller, user_id)
    user = User.objects(pk=user_id, deleted_at=None).first()
    if user is None:
        raise UserNotFound
    return UserView.model_validate(user)


def get_users(where: UserFilter, page: PageRequest, *, caller: Principal) -> Page[UserView]:
    """Return a page of the accounts that fit, newest first.

    Raises:
        Forbidden: the caller is no operator.
    """
    require(caller, Role.OPERATOR)
    found = User.objects(deleted_at=None)
    if where.search is not None:
        # mongoengine escapes what is searched for: no pattern comes in from outside.
        found = found.filter(Q(email__icontains=where.search) | Q(name__icontains=where.search))
    if where.role is not None:
        found = found.filter(role=where.role.value)
    if where.verified is not None:
        found = (
            found.filter(verified_at__ne=None) if where.verified else found.filter(verified_at=None)
        )
    return paginate(found, page).map(UserView.model_validate)


def get_users_by_id(user_ids: Iterable[str], *, caller: Principal) -> dict[str, UserView]:
    """Return those of the accounts that exist and that the caller may see, in one round trip."""
    wanted = set(user_ids)
    if not caller.role.includes(Role.OPERATOR):
        wanted &= {caller.user_id}
    if not wanted:
        return {}
    found = User.objects(pk__in=list(wanted), deleted_at=None).batch_size(len(wanted) + 1)
    return {user.id: UserView.model_validate(user) for user in found}


def known_user_ids(user_ids: Iterable[str]) -> frozenset[str]:
    """Return those of the ids that stand for an account, in one round trip."""
    return frozenset(User.objects(pk__in=list(user_ids), deleted_at=None).scalar("pk"))


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
