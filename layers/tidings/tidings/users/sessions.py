"""Signing in, staying signed in, and signing out."""

from tidings.platform.auth import ACCESS_TOKEN_SECONDS, Principal, Role, issue_access_token
from tidings.platform.logging import logger
from tidings.users import session_store
from tidings.users.errors import SessionEnded, WrongCredentials
from tidings.users.models import User
from tidings.users.passwords import matches
from tidings.users.schemas import (
    Acknowledgement,
    Login,
    Logout,
    RefreshSession,
    Session,
    UserView,
)
from tidings.users.session_store import Started
from tidings.users.throttle import SIGN_INS_OF_ACCOUNT, caller_network, sign_ins_of_address


def login(credentials: Login) -> Session:
    """Sign a person in.

    Raises:
        WrongCredentials: there is no such account, or the password is another.
        RateLimited: there were too many failures for this account or from this address.
        redis.RedisError: Redis is away; nobody is signed in without counting failures.
    """
    by_address, network = sign_ins_of_address(), caller_network()
    by_address.check(network)
    SIGN_INS_OF_ACCOUNT.attempt(credentials.email)
    user = User.objects(email=credentials.email).first()
    password_hash = user.password_hash if user else None
    if not matches(password_hash, credentials.password.get_secret_value()):
        by_address.fail(network)
        raise WrongCredentials
    SIGN_INS_OF_ACCOUNT.forget(credentials.email)
    logger.info("user signed in", user_id=user.id)
    return _session(user, session_store.start(user.id))


def refresh_session(presented: RefreshSession) -> Session:
    """Give a person new tokens, with the role that they have now.

    Raises:
        SessionEnded: the token is unknown, expired, or was used before; in the last case the
            session is ended, for one of the two who have the token is a thief.
        redis.RedisError: Redis is away.
    """
    token = presented.refresh_token.get_secret_value()
    user_id = session_store.user_of(token)
    if user_id is None:
        raise SessionEnded
    user = User.objects(pk=user_id, deleted_at=None).first()
    started = session_store.rotate(token, user_id)
    if user is None or started is None:
        raise SessionEnded
    logger.info("session refreshed", user_id=user_id)
    return _session(user, started)


def logout(which: Logout, *, caller: Principal) -> Acknowledgement:
    """End the caller's session, or all that they have.

    Raises:
        redis.RedisError: Redis is away; the session goes on.
    """
    if which.all_sessions:
        session_store.end_all(caller.user_id)
    if caller.session_id:
        session_store.end(caller.session_id, caller.user_id)
    logger.info("user signed out", user_id=caller.user_id, all_sessions=which.all_sessions)
    return Acknowledgement(message="You are signed out.")


def _session(user: User, started: Started) -> Session:
    principal = Principal(user_id=user.id, role=Role(user.role), session_id=started.session_id)
    return Session(
        access_token=issue_access_token(principal),
        expires_in=ACCESS_TOKEN_SECONDS,
        refresh_token=started.refresh_token,
        user=UserView.model_validate(user),
    )
