"""Change the role of an account."""

from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.operation import operation
from tidings.platform.security.auth import PersonRole, Principal, Role, require
from tidings.users import credentials
from tidings.users.errors import AddressNotVerified, AlreadyAdmin, OwnRole, UserNotFound
from tidings.users.events import UserRoleChanged, UserRoleChangedData
from tidings.users.models import User
from tidings.users.schemas import PromoteToAdmin, SetUserRole, UserView


@operation(
    role=Role.ADMIN,
    refuses=(OwnRole, UserNotFound, AddressNotVerified),
    note="not for the own account; roles above customer need a verified address",
)
def set_user_role(user_id: str, wanted: SetUserRole, *, caller: Principal) -> UserView:
    """Change a person's role, and publish an event. They must sign in again.

    Raises:
        Forbidden: the caller is not an administrator.
        OwnRole: administrators cannot change their own role.
        AddressNotVerified: the role is more than customer, and the address is not verified.
        UserNotFound: the account does not exist.
        redis.RedisError: Redis is unavailable. The role is changed, and sessions with the old role
            cannot be refreshed, but access tokens work until they expire.
    """
    require(caller, Role.ADMIN)
    if caller.user_id == user_id:
        raise OwnRole
    user = User.objects(pk=user_id, deleted_at=None).first()
    if user is None:
        raise UserNotFound
    if wanted.role is not Role.CUSTOMER and not user.email_verified:
        raise AddressNotVerified("role")
    view = _with_role(user, wanted.role)
    logger.info("role set", user_id=user_id, role=wanted.role.value, by=caller.user_id)
    return view


def promote_to_admin(wanted: PromoteToAdmin) -> UserView:
    """Make an existing account an administrator's; its password does not change.

    Raises:
        UserNotFound: the address has no account.
        AlreadyAdmin: the account is an administrator's.
        AddressNotVerified: the address is not verified.
        redis.RedisError: Redis is unavailable, as with `set_user_role`.
    """
    user = User.objects(email=wanted.email, deleted_at=None).first()
    if user is None:
        raise UserNotFound
    if user.role == Role.ADMIN:
        raise AlreadyAdmin
    if not user.email_verified:
        raise AddressNotVerified("email")
    view = _with_role(user, Role.ADMIN)
    logger.info("account promoted to administrator", user_id=user.id)
    return view


def _with_role(user: User, role: PersonRole) -> UserView:
    """Set a role, publish an event if it changes, and end the person's sessions."""
    # The account must be unchanged: verified, not deleted, with the same address.
    same = User.objects(pk=user.id, email=user.email, verified_at=user.verified_at, deleted_at=None)
    event = UserRoleChanged(subject=user.id, data=UserRoleChangedData(user_id=user.id, role=role))
    new_role = {"set__role": role.value, **credentials.NEXT_VERSION}
    with credentials.changing(user.id):
        changed = outbox.change(same.filter(role__ne=role.value), event, **new_role)
        if changed is None:  # the account already has this role
            changed = same.modify(new=True, **new_role)
    if changed is None:
        raise UserNotFound
    acts.concerns("user", user.id)
    acts.changed({"role": user.role}, {"role": changed.role})
    return UserView.model_validate(changed)
