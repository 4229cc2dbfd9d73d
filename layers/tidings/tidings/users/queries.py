"""What can be asked about accounts."""

from collections.abc import Iterable

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
    return UserView.model_validate(find_user(user_id))


def find_user(user_id: str) -> User:
    """Return an account's document; who may see it is for the caller to check.

    Raises:
        UserNotFound: there is none, or it was deleted.
    """
    user: User | None = User.objects(pk=user_id, deleted_at=None).first()
    if user is None:
        raise UserNotFound
    return user


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


def deleted_user_ids(user_ids: Iterable[str]) -> frozenset[str]:
    """Return those of the ids that stand for an account that was deleted, in one round trip."""
    found = User.objects(pk__in=list(user_ids), deleted_at__ne=None)
    return frozenset(found.scalar("pk"))


def preferences_of(user_ids: Iterable[str]) -> dict[str, Preferences]:
    """Return how those of the people who have an account want to be told, in one round trip."""
    found = User.objects(pk__in=list(user_ids), deleted_at=None).scalar("pk", "preferences")
    return {user_id: Preferences.of(chosen or {}) for user_id, chosen in found}


def operator_ids(limit: int = 200) -> list[str]:
    """Return who runs the shop: operators and administrators."""
    roles = [role.value for role in Role if role.includes(Role.OPERATOR)]
    return list(User.objects(role__in=roles, deleted_at=None).limit(limit).scalar("pk"))
