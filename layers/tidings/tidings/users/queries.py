"""What can be asked about accounts."""

from collections.abc import Iterable

from tidings.platform.auth import Principal, require_self
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


def known_user_ids(user_ids: Iterable[str]) -> frozenset[str]:
    """Return those of the ids that stand for an account, in one round trip."""
    return frozenset(User.objects(pk__in=list(user_ids)).scalar("pk"))
