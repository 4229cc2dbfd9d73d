"""Find out who sent a request, and whether the session still holds."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sessions import idleness
from sessions.renewal import renewed
from sessions.tokens import Tokens
from tidings.platform.errors import Forbidden, Unauthenticated, Unavailable
from tidings.platform.logging import logger
from tidings.platform.security.admission import admit
from tidings.platform.security.auth import Principal, Role, verify_access_token
from tidings.users.schemas import Logout
from tidings.users.signing_out import logout

LEAST_ROLE: Final = Role.OPERATOR


class SignedOut(Unauthenticated):
    """No session; `reason` is the key of a text for the page of the sign-in, or empty."""

    def __init__(self, reason: str) -> None:
        super().__init__("Sign in to the console first.")
        self.reason = reason


@dataclass(frozen=True)
class Entered:
    """A person who may use the console, and their tokens."""

    principal: Principal
    tokens: Tokens
    is_renewed: bool = False

    @property
    def session_id(self) -> str:
        return str(self.principal.session_id)


def entered(cookie: str, at: datetime | None = None, *, by_person: bool) -> Entered:
    """Return who sent a request.

    Args:
        cookie: the value of the session's cookie.
        by_person: False if the page refreshes itself, which does not prolong the session.

    Raises:
        SignedOut: there is no session, or it has ended.
        KeysDoNotFit: a token that was just issued is refused.
        RateLimited: the person makes too many calls.
        redis.RedisError: the security store is unavailable, so nothing can be checked.
    """
    tokens = Tokens.read(cookie)
    if tokens is None:
        raise SignedOut("")
    try:
        found = _verified(tokens)
        found = replace(found, principal=admit(found.principal))
    except Unauthenticated:
        raise SignedOut("ended") from None
    if not idleness.use(found.session_id, at, by_person=by_person):
        leave(found)
        raise SignedOut("idle")
    return found


def _verified(tokens: Tokens) -> Entered:
    """Return the person of an access token; renew it if its time is over.

    Raises:
        Unauthenticated: neither token is valid.
        KeysDoNotFit: the token that was just issued is refused.
    """
    try:
        return Entered(verify_access_token(tokens.access), tokens)
    except Unauthenticated:
        fresh = renewed(tokens.refresh)
        return Entered(_principal_of(fresh), fresh, is_renewed=True)


def _principal_of(fresh: Tokens) -> Principal:
    """Return the person of tokens that were just issued.

    Raises:
        KeysDoNotFit: the access token is refused.
    """
    try:
        return verify_access_token(fresh.access)
    except Unauthenticated as error:
        logger.error("access token refused that was just issued", reason=error.message)
        raise KeysDoNotFit from None


def enter(tokens: Tokens, at: datetime | None = None) -> Entered:
    """Begin a session of the console with the tokens of a sign-in.

    Raises:
        KeysDoNotFit: the token that was just issued is refused.
        NotForCustomers: the person is no operator; the session of the sign-in has ended.
        redis.RedisError: the security store is unavailable.
    """
    found = Entered(_principal_of(tokens), tokens)
    if not found.principal.role.includes(LEAST_ROLE):
        leave(found)
        raise NotForCustomers
    idleness.begin(found.session_id, at)
    return found


def leave(left: Entered) -> None:
    """End a session: its tokens work nowhere any more.

    Raises:
        redis.RedisError: the security store is unavailable.
    """
    logout(Logout(), caller=left.principal)
    idleness.end(left.session_id)


class NotForCustomers(Forbidden):
    """The console is for operators and administrators."""

    def __init__(self) -> None:
        super().__init__("The console is for operators and administrators.")


class KeysDoNotFit(Unavailable):
    """Raised if no published key verifies the tokens that the shop signs."""

    def __init__(self) -> None:
        super().__init__(
            "The shop refuses the access token that it has just issued: its keys do not fit."
        )
