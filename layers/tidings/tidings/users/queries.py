"""Queries of accounts."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from mongoengine import Q

from tidings.platform import acts
from tidings.platform.auditing.recording import Recording
from tidings.platform.operation import Whose, operation
from tidings.platform.security.auth import Principal, Role, require, require_self
from tidings.platform.storage.pagination import Page, PageRequest, paginate
from tidings.platform.storage.rows import row, rows_of
from tidings.platform.text.addresses import as_searched
from tidings.platform.text.search_keys import folded
from tidings.users import kept_accounts, persons
from tidings.users.errors import UserNotFound
from tidings.users.models import User
from tidings.users.preferences import Preferences
from tidings.users.schemas import AccountView, UserFilter, UserView


@operation(role=Role.CUSTOMER, whose=Whose.OWN_OR_OPERATOR, refuses=(UserNotFound,), writes=False)
def get_user(user_id: str, *, caller: Principal) -> AccountView:
    """Return an account.

    Raises:
        Forbidden: the account belongs to another user, and the caller is not an operator.
        UserNotFound: the account does not exist.
    """
    require_self(caller, user_id)
    return kept_accounts.own_account(caller, user_id, partial(_view, user_id))


def _view(user_id: str, generation: str | None) -> AccountView:
    if generation is None:
        user = row(User, {"_id": user_id, "deleted_at": None})
    else:
        user = persons.own_person(user_id, generation)
    if user is None:
        raise UserNotFound
    return AccountView.model_validate(user)


def find_user(user_id: str) -> User:
    """Return an account's document, without checking the caller's rights.

    Raises:
        UserNotFound: the account does not exist or was deleted.
    """
    user: User | None = User.objects(pk=user_id, deleted_at=None).first()
    if user is None:
        raise UserNotFound
    return user


@operation(role=Role.OPERATOR, writes=False, recording=Recording.ENDED)
def get_users(where: UserFilter, page: PageRequest, *, caller: Principal) -> Page[UserView]:
    """Return a page of the matching accounts, newest first.

    Raises:
        Forbidden: the caller is not an operator.
    """
    require(caller, Role.OPERATOR)
    found = User.objects(deleted_at=None)
    if where.search is not None:
        found = found.filter(
            Q(email__icontains=as_searched(where.search)) | _is_named(where.search)
        )
    if where.role is not None:
        found = found.filter(role=where.role.value)
    if where.verified is not None:
        found = (
            found.filter(verified_at__ne=None) if where.verified else found.filter(verified_at=None)
        )
    shown = paginate(found, page).map(UserView.model_validate)
    acts.concerns("user", *[each.id for each in shown.items])
    return shown


def _is_named(text: str) -> Q:
    # mongoengine escapes the search text, so a caller cannot inject a pattern.
    key = folded(text)
    stored_before = Q(name_key=None, name__icontains=text)
    return Q(name_key__contains=key) | stored_before if key else Q(name__icontains=text)


def get_users_by_id(user_ids: Iterable[str], *, caller: Principal) -> dict[str, UserView]:
    """Return the existing accounts that the caller may see, by id, in one round trip."""
    wanted = set(user_ids)
    if not caller.role.includes(Role.OPERATOR):
        wanted &= {caller.user_id}
    if not wanted:
        return {}
    found = User.objects(pk__in=list(wanted), deleted_at=None).batch_size(len(wanted) + 1)
    return {user.id: UserView.model_validate(user) for user in found}


def accounts_with(
    user_id: str | None, email: str | None, phone: str | None, *, at_most: int
) -> list[Any]:
    """Return the rows of the accounts with this id, address or number.

    It checks no rights. Several accounts may have one number.
    """
    known = {"_id": user_id, "email": email, "phone": phone}
    where = {name: value for name, value in known.items() if value is not None}
    found = User._get_collection().find(where | {"deleted_at": None}).limit(at_most)
    return list(rows_of(User, found))


def known_user_ids(user_ids: Iterable[str]) -> frozenset[str]:
    """Return those ids that belong to an account, in one round trip."""
    return frozenset(User.objects(pk__in=list(user_ids), deleted_at=None).scalar("pk"))


def deleted_user_ids(user_ids: Iterable[str]) -> frozenset[str]:
    """Return those ids that belong to a deleted account, in one round trip."""
    where = {"_id": {"$in": list(user_ids)}, "deleted_at": {"$ne": None}}
    return frozenset(each["_id"] for each in User._get_collection().find(where, ["_id"]))


def preferences_of(user_ids: Iterable[str]) -> dict[str, Preferences]:
    """Return the preferences of those people who have an account, in one round trip."""
    found = User.objects(pk__in=list(user_ids), deleted_at=None).scalar("pk", "preferences")
    return {user_id: Preferences.of(chosen or {}) for user_id, chosen in found}


def ids_by_address(addresses: Iterable[str]) -> dict[str, str]:
    """Return the ids of the accounts with these addresses in canonical form, by address."""
    return dict(User.objects(email__in=list(addresses), deleted_at=None).scalar("email", "pk"))
