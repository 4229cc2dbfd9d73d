"""Operations on an existing account."""

from datetime import datetime

from tidings.platform import acts
from tidings.platform.errors import Forbidden
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.operation import Whose, operation
from tidings.platform.security.auth import Principal, Role, require_own
from tidings.platform.text.search_keys import folded
from tidings.platform.timing.clock import now
from tidings.users import codes, credentials, erasure, kept_accounts
from tidings.users.errors import InboxAlwaysOn, SessionEnded, UnusableName, UserNotFound
from tidings.users.events import (
    UserDeleted,
    UserDeletedData,
    UserPreferencesUpdated,
    UserPreferencesUpdatedData,
)
from tidings.users.models import NO_CONTACT_POINTS, User
from tidings.users.ownership import NO_PASSWORD
from tidings.users.preferences import UpdatePreferences
from tidings.users.queries import find_user
from tidings.users.schemas import Acknowledgement, UpdateProfile, UserView


@operation(role=Role.CUSTOMER, whose=Whose.OWN, refuses=(UnusableName, UserNotFound))
def update_profile(user_id: str, changed: UpdateProfile, *, caller: Principal) -> UserView:
    """Change a person's profile.

    Raises:
        Forbidden: the account belongs to another user.
        SessionEnded: the account's owner or password changed at the same time.
        UserNotFound: the account was deleted.
    """
    require_own(caller, user_id)
    values = changed.model_dump(exclude_none=True)
    if changed.name is not None:
        values["name_key"] = folded(changed.name)
    own = User.objects(pk=user_id, deleted_at=None, **credentials.as_checked(caller, user_id))
    if not values:
        return _view(own.first(), user_id)
    with kept_accounts.changing(user_id):
        user = own.modify(new=True, **values)
    return _view(user, user_id)


@operation(role=Role.CUSTOMER, whose=Whose.OWN, refuses=(InboxAlwaysOn, UserNotFound))
def update_user_preferences(
    user_id: str, changed: UpdatePreferences, *, caller: Principal
) -> UserView:
    """Change a person's notification preferences, and publish an event.

    Raises:
        Forbidden: the account belongs to another user.
        InboxAlwaysOn: the change would switch off order messages in the inbox.
        SessionEnded: the account's owner or password changed at the same time.
        UserNotFound: the account was deleted.
    """
    require_own(caller, user_id)
    changes = changed.changes()
    if changes.get("orders.inbox") is False:
        raise InboxAlwaysOn
    own = User.objects(pk=user_id, deleted_at=None, **credentials.as_checked(caller, user_id))
    if not changes:
        return _view(own.first(), user_id)
    data = UserPreferencesUpdatedData(user_id=user_id, changed=sorted(changes))
    event = UserPreferencesUpdated(subject=user_id, data=data)
    values = {f"set__preferences__{path.replace('.', '__')}": v for path, v in changes.items()}
    with kept_accounts.changing(user_id):
        user = outbox.change(own, event, **values)
    return _view(user, user_id)


@operation(role=Role.CUSTOMER, whose=Whose.OWN_OR_ADMIN, refuses=(UserNotFound,))
def delete_account(
    user_id: str, *, caller: Principal, at: datetime | None = None
) -> Acknowledgement:
    """Delete an account and publish an event.

    Data that must stay, such as the customer id of an order, stays without personal data.

    Raises:
        Forbidden: the account belongs to another user, and the caller is not an administrator.
        SessionEnded: the account's owner or password changed at the same time.
        UserNotFound: the account does not exist.
        redis.RedisError: Redis is unavailable. The account may be deleted: then its event erases
            the rest, and a repeated call raises UserNotFound.
    """
    if caller.user_id != user_id and not caller.role.includes(Role.ADMIN):
        raise Forbidden("This belongs to another user.")
    alive = User.objects(pk=user_id, deleted_at=None, **credentials.as_checked(caller, user_id))
    _changed(alive.only("id").first(), user_id)
    codes.drop(user_id)
    with credentials.changing(user_id):
        # Waiting events may contain codes for the deleted account, so they are dropped.
        deleted = outbox.change_last(
            alive,
            UserDeleted(subject=user_id, data=UserDeletedData(user_id=user_id)),
            set__email=f"{user_id}@deleted.invalid",
            set__name="Deleted account",
            unset__name_key=True,
            set__password_hash=NO_PASSWORD,
            set__role=Role.CUSTOMER.value,
            set__deleted_at=at or now(),
            unset__verified_at=True,
            set__preferences={},
            **NO_CONTACT_POINTS,
            **credentials.NEXT_VERSION,
        )
    _changed(deleted, user_id)
    # The event's consumer does it, too, for a deletion that ends before this line.
    erasure.forget(user_id)
    acts.changed({"deleted": False}, {"deleted": True})
    logger.info("account deleted", user_id=user_id, by=caller.user_id)
    return Acknowledgement(message="The account is deleted.")


def _changed(user: User | None, user_id: str) -> User:
    """Return the account that a write changed.

    Raises:
        SessionEnded: the write changed nothing, because the account changed meanwhile.
        UserNotFound: the write changed nothing, because the account was deleted.
    """
    if user is None:
        find_user(user_id)
        raise SessionEnded
    return user


def _view(user: User | None, user_id: str) -> UserView:
    return UserView.model_validate(_changed(user, user_id))
