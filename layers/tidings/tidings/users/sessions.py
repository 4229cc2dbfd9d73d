"""Sign people in and refresh sessions. What imports this signs tokens (see signing_out.py)."""

from typing import Final

from tidings.platform.errors import RateLimited
from tidings.platform.logging import logger
from tidings.platform.operation import PUBLIC, operation
from tidings.platform.security.auth import ACCESS_TOKEN_SECONDS, Principal, Role, issue_access_token
from tidings.users import credentials, session_store, trust
from tidings.users.errors import AccountChanged, SessionEnded, WrongCredentials
from tidings.users.models import User
from tidings.users.passwords import matches
from tidings.users.schemas import Login, RefreshSession, Session, UserView
from tidings.users.session_store import Started
from tidings.users.throttle import begin_sign_in

# No session has this version.
GONE: Final = -1


@operation(role=PUBLIC, refuses=(WrongCredentials, RateLimited))
def login(presented: Login) -> Session:
    """Sign a person in.

    Raises:
        WrongCredentials: the account does not exist, or the password is wrong.
        AccountChanged: password or role changed after the password was checked.
        RateLimited: this device, this network address, or this address with this account failed too
            often; or others failed with this account, and it knows neither the device nor the
            network.
        redis.RedisError: Redis is unavailable; sign-ins need a count of failures.
    """
    user = User.objects(email=presented.email).first()
    token = presented.device_token.get_secret_value() if presented.device_token else None
    device = trust.device_of(user, token)
    attempt = begin_sign_in(presented.email, device)
    # The network and the password are always checked, so that the response time reveals nothing.
    known = trust.knows_network(user, attempt.network) or device is not None
    password_hash = user.password_hash if user else None
    right = matches(password_hash, presented.password.get_secret_value())
    if not right or (attempt.slowed and not known):
        attempt.fail()
        raise WrongCredentials
    session = _started(user)
    attempt.succeed()
    trust.remember_network(user, attempt.network)
    logger.info("user signed in", user_id=user.id)
    return session.model_copy(
        update={"device_token": token if device else trust.device_token(user)}
    )


def _started(user: User) -> Session:
    """Start a session of the account as it was checked.

    Raises:
        AccountChanged: the account changed meanwhile.
    """
    verified = user.verified_at is not None
    started = session_store.start(user.id, user.security_version, verified=verified)
    if started is None or not _is_confirmed(user, started):
        raise AccountChanged
    return _session(user, started)


@operation(role=PUBLIC, refuses=(SessionEnded,))
def refresh_session(presented: RefreshSession) -> Session:
    """Give a person new tokens, with their current role.

    Raises:
        SessionEnded: the token is unknown, expired or used before, or password or role changed
            since the session was checked. A token used twice ends the session, because one of its
            two users stole it.
        redis.RedisError: Redis is unavailable.
    """
    token = presented.refresh_token.get_secret_value()
    user_id = session_store.user_of(token)
    if user_id is None:
        raise SessionEnded
    user = User.objects(pk=user_id, deleted_at=None).first()
    started = session_store.rotate(token, user_id, user.security_version if user else GONE)
    if user is None or started is None or not _is_confirmed(user, started):
        raise SessionEnded
    logger.info("session refreshed", user_id=user_id)
    return _session(user, started)


def _is_confirmed(user: User, started: Started) -> bool:
    """Say whether the account is still as it was checked; end the session if not.

    This runs after the session is stored: a later change of the account finds and ends it.
    """
    if credentials.version_of(user.id) == user.security_version:
        return True
    session_store.end(started.session_id, user.id)
    return False


def _session(user: User, started: Started) -> Session:
    principal = Principal(
        user_id=user.id,
        role=Role(user.role),
        session_id=started.session_id,
        security_version=user.security_version,
    )
    return Session(
        access_token=issue_access_token(principal),
        expires_in=ACCESS_TOKEN_SECONDS,
        refresh_token=started.refresh_token,
        user=UserView.model_validate(user),
    )
