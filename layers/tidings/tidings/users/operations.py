"""What can be done with an account that exists."""

from datetime import datetime

from tidings.platform import outbox
from tidings.platform.auth import Principal, Role, require, require_own
from tidings.platform.clock import now
from tidings.platform.errors import Forbidden
from tidings.platform.logging import logger
from tidings.users import codes, session_store
from tidings.users.errors import InboxAlwaysOn, OwnRole, UserNotFound
from tidings.users.events import (
    UserDeleted,
    UserDeletedData,
    UserPreferencesUpdated,
    UserPreferencesUpdatedData,
)
from tidings.users.models import PushToken, User
from tidings.users.preferences import UpdatePreferences
from tidings.users.schemas import Acknowledgement, SetUserRole, UpdateProfile, UserView

# No hash: it matches nothing.
NO_PASSWORD = "-"


def update_profile(user_id: str, changed: UpdateProfile, *, caller: Principal) -> UserView:
    """Change what a person says of themself.

    Raises:
        Forbidden: it is somebody else's.
        UserNotFound: the account was deleted.
    """
    require_own(caller, user_id)
    values = changed.model_dump(exclude_none=True)
    alive = User.objects(pk=user_id, deleted_at=None)
    user = alive.modify(new=True, **values) if values else alive.first()
    return _view(user)


def update_user_preferences(
    user_id: str, changed: UpdatePreferences, *, caller: Principal
) -> UserView:
    """Change how a person is told of things, and announce it.

    Raises:
        Forbidden: it is somebody else's.
        InboxAlwaysOn: it would switch off what everybody is told.
        UserNotFound: the account was deleted.
    """
    require_own(caller, user_id)
    changes = changed.changes()
    if changes.get("orders.inbox") is False:
        raise InboxAlwaysOn
    alive = User.objects(pk=user_id, deleted_at=None)
    if not changes:
        return _view(alive.first())
    data = UserPreferencesUpdatedData(user_id=user_id, changed=sorted(changes))
    event = UserPreferencesUpdated(subject=user_id, data=data)
    values = {f"set__preferences__{path.replace('.', '__')}": v for path, v in changes.items()}
    return _view(outbox.change(alive, event, **values))


def set_user_role(user_id: str, wanted: SetUserRole, *, caller: Principal) -> UserView:
    """Give a person another role. They sign in again, and have it.

    Raises:
        Forbidden: the caller is no administrator.
        OwnRole: nobody sets their own role.
        UserNotFound: there is none.
        redis.RedisError: Redis is away; the role is set, but sessions with the old one may live
            until their access token expires.
    """
    require(caller, Role.ADMIN)
    if caller.user_id == user_id:
        raise OwnRole
    alive = User.objects(pk=user_id, deleted_at=None)
    user = alive.modify(new=True, set__role=wanted.role.value)
    view = _view(user)
    session_store.end_all(user_id)
    logger.info("role set", user_id=user_id, role=wanted.role.value, by=caller.user_id)
    return view


def delete_account(
    user_id: str, *, caller: Principal, at: datetime | None = None
) -> Acknowledgement:
    """Delete an account and announce it.

    What must stay, as the customer of orders, stays without the person.

    Raises:
        Forbidden: it is somebody else's, and the caller is no administrator.
        UserNotFound: there is none.
        redis.RedisError: Redis is away; nothing was deleted.
    """
    if caller.user_id != user_id and not caller.role.includes(Role.ADMIN):
        raise Forbidden("This belongs to somebody else.")
    if User.objects(pk=user_id, deleted_at=None).only("id").first() is None:
        raise UserNotFound
    session_store.end_all(user_id)
    codes.drop(user_id)
    # Events that wait hold codes for somebody who is not there any more.
    deleted = outbox.change_last(
        User.objects(pk=user_id, deleted_at=None),
        UserDeleted(subject=user_id, data=UserDeletedData(user_id=user_id)),
        set__email=f"{user_id}@deleted.invalid",
        set__name="Deleted account",
        set__password_hash=NO_PASSWORD,
        set__role=Role.CUSTOMER.value,
        set__deleted_at=at or now(),
        unset__verified_at=True,
        set__preferences={},
        unset__phone=True,
        unset__webhook_url=True,
        unset__webhook_id=True,
    )
    PushToken.objects(user_id=user_id).delete()
    if deleted is None:
        raise UserNotFound
    logger.info("account deleted", user_id=user_id, by=caller.user_id)
    return Acknowledgement(message="The account is deleted.")


def _view(user: User | None) -> UserView:
    if user is None:
        raise UserNotFound
    return UserView.model_validate(user)
