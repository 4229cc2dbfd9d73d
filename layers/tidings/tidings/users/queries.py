"""What can be asked about accounts."""

from collections.abc import Iterable

from tidings.platform.auth import Principal, Role, require_self
from tidings.users.errors import UserNotFound
from tidings.users.models import User
from tidings.users.schemas import UserView


def get_user(user_id: str, *, caller: Principal) -> UserView:
    """Return an account.

    Raises:
        Forbidden: it is somebody else's, and the caller is no operator.
        UserNotFound: there is none.
    """
    require_self(caller, user_id)
    user = User.objects(pk=user_id).first()
    if user is None:
        raise UserNotFound
    return UserView.model_validate(user)


def get_users_by_id(user_ids: Iterable[str], *, caller: Principal) -> dict[str, UserView]:
    """Return those of the accounts that exist and that the caller may see, in one round trip."""
    every = caller.role.includes(Role.OPERATOR)
    visible = [each for each in user_ids if every or each == caller.user_id]
    if not visible:
        return {}
    found = User.objects(pk__in=visible).batch_size(len(visible) + 1)
    return {user.id: UserView.model_validate(user) for user in found}
