"""Admit calls of signed-in users: count them, and refuse sessions that have ended."""

from tidings.platform.errors import Unauthenticated
from tidings.platform.security.auth import Principal
from tidings.platform.security.ended_sessions import ended_key, is_older, lowest_version_key
from tidings.platform.security.limits import Counted, Limit, count, resting
from tidings.platform.settings import settings


def admit(principal: Principal) -> None:
    """Count a call of a signed-in user, and refuse sessions that have ended.

    While Redis is unavailable every call passes: the token itself was verified and lives for
    minutes. A full Redis does not count calls, but still returns ended sessions.

    Raises:
        RateLimited: the user made too many calls.
        Unauthenticated: the session has ended, or the account changed since the session was
            checked.
    """
    limit = Limit("calls", settings().calls_per_minute, 60)
    user_id = principal.user_id
    keys = (ended_key(principal), lowest_version_key(user_id))
    counted: Counted | None = resting.ask(lambda: count(limit, user_id, *keys))
    if counted is None:
        return
    ended, lowest = counted.found
    if ended or is_older(principal, lowest):
        raise Unauthenticated("This session has ended. Sign in again.")
    counted.refuse_beyond(limit.times)
