"""Sign services in. A function that imports this module signs tokens."""

from datetime import datetime
from hmac import compare_digest
from typing import Final

from tidings.platform.errors import RateLimited
from tidings.platform.logging import logger
from tidings.platform.operation import PUBLIC, operation
from tidings.platform.security.auth import ACCESS_TOKEN_SECONDS, Principal, Role, issue_access_token
from tidings.platform.security.ended_sessions import is_refused
from tidings.platform.security.limits import Limit, digest
from tidings.platform.timing.clock import now
from tidings.users.errors import WrongServiceCredentials
from tidings.users.models import Service
from tidings.users.schemas import ServiceSession, StartServiceSession
from tidings.users.throttle import caller_network, service_sign_ins_of_address

# A service needs a token every 15 minutes; many of its processes may share a secret.
SESSIONS_OF_SERVICE: Final = Limit("service-sessions", 120, 60)


@operation(
    role=PUBLIC,
    refuses=(WrongServiceCredentials, RateLimited),
    note="with a service's credentials",
)
def start_service_session(
    presented: StartServiceSession, at: datetime | None = None
) -> ServiceSession:
    """Sign a service in.

    Only failures are counted per network address: a secret of 256 bits cannot be guessed. So the
    right secret works whatever others at the same address do.

    Raises:
        WrongServiceCredentials: the service does not exist, or its secret is wrong or revoked.
        RateLimited: too many failures from this address, or too many sessions of the service.
        redis.RedisError: Redis is unavailable; sign-ins need a count of failures.
    """
    service = Service.objects(pk=presented.client_id, revoked_at=None).first()
    expected = service.secret_hash if service else ""
    if not compare_digest(expected, digest(presented.client_secret.get_secret_value())):
        service_sign_ins_of_address().attempt(caller_network())
        raise WrongServiceCredentials
    SESSIONS_OF_SERVICE.take(service.id)
    if not _is_used(service.id, at or now()):
        raise WrongServiceCredentials
    logger.info("service signed in", service_id=service.id)
    principal = Principal(user_id=service.id, role=Role.SERVICE, session_id=service.id)
    return ServiceSession(
        access_token=issue_access_token(principal), expires_in=ACCESS_TOKEN_SECONDS
    )


def _is_used(service_id: str, at: datetime) -> bool:
    """Record a use of a service; return False if it is revoked or being revoked."""
    used = Service.objects(pk=service_id, revoked_at=None).update_one(set__last_used_at=at)
    return bool(used) and not is_refused(service_id)
