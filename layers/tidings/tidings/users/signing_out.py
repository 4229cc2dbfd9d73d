"""Sign people out. It is separate because it does not need the signing keys."""

from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.users import credentials, session_store
from tidings.users.models import User
from tidings.users.schemas import Acknowledgement, Logout


@operation(role=Role.CUSTOMER)
def logout(which: Logout, *, caller: Principal) -> Acknowledgement:
    """End the caller's session, or all of their sessions.

    Raises:
        redis.RedisError: Redis is unavailable. A single session continues; of all sessions none can
            be refreshed.
    """
    if which.all_sessions:
        with credentials.changing(caller.user_id):
            User.objects(pk=caller.user_id).update_one(**credentials.NEXT_VERSION)
    if caller.session_id:
        session_store.end(caller.session_id, caller.user_id)
    logger.info("user signed out", user_id=caller.user_id, all_sessions=which.all_sessions)
    return Acknowledgement(message="You are signed out.")
