"""Sign-in and refresh while the account changes: no session of the old account remains."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import redis

from tests.integration.builders import PASSWORD, a_person, a_redis_that_is_away, at_once
from tests.integration.users.pauses import Pause, during
from tests.integration.users.people import (
    account,
    mark_verified,
    registered,
    reset_code,
    sign_in,
)
from tidings.platform.errors import TidingsError, Unauthenticated
from tidings.platform.security import ended_sessions, store
from tidings.platform.security.admission import admit
from tidings.platform.security.auth import Principal, Role, verify_access_token
from tidings.users import credentials, service_sessions, services, session_store, sessions
from tidings.users.models import User
from tidings.users.operations import delete_account
from tidings.users.password_reset import reset_password
from tidings.users.roles import promote_to_admin, set_user_role
from tidings.users.schemas import (
    CreateService,
    Logout,
    PromoteToAdmin,
    RefreshSession,
    ResetPassword,
    ServiceSession,
    Session,
    SetUserRole,
    StartServiceSession,
)
from tidings.users.service_sessions import start_service_session
from tidings.users.services import create_service, revoke_service
from tidings.users.sessions import refresh_session
from tidings.users.signing_out import logout

pytestmark = pytest.mark.usefixtures("keys")
NEW = "another fine passphrase"
Change = Callable[[User], object]


def reset(user: User) -> None:
    values = {"email": user.email, "code": reset_code(user), "password": NEW}
    reset_password(ResetPassword.model_validate(values))


def demote(user: User) -> None:
    set_user_role(user.id, SetUserRole(role=Role.CUSTOMER), caller=a_person(Role.ADMIN))


def promote(user: User) -> None:
    promote_to_admin(PromoteToAdmin(email=user.email))


def delete(user: User) -> None:
    delete_account(user.id, caller=a_person(Role.ADMIN))


def leave_everywhere(user: User) -> None:
    caller = Principal(user_id=user.id, role=Role(user.role))
    logout(Logout(all_sessions=True), caller=caller)


CHANGES: list[Change] = [reset, demote, promote, delete, leave_everywhere]
LOGIN_POINTS = [
    (sessions, "matches", False),
    (sessions, "matches", True),
    (session_store, "start", False),
    (session_store, "start", True),
    (sessions, "_is_confirmed", True),
    (sessions, "issue_access_token", False),
    (sessions, "issue_access_token", True),
]
REFRESH_POINTS = [
    (session_store, "user_of", True),
    (session_store, "rotate", False),
    (session_store, "rotate", True),
    (sessions, "_is_confirmed", True),
    (sessions, "issue_access_token", False),
    (sessions, "issue_access_token", True),
]


def points(of: list[tuple[Any, str, bool]]) -> pytest.MarkDecorator:
    ids = [f"{'after' if after else 'before'}-{name}" for _, name, after in of]
    return pytest.mark.parametrize("point", of, ids=ids)


def an_operator() -> User:
    user = registered()
    mark_verified(user)
    User.objects(pk=user.id).update_one(set__role="operator")
    return account(user.email)


def refresh(session: Session) -> Session:
    return refresh_session(RefreshSession.model_validate({"refresh_token": session.refresh_token}))


def is_refreshed(session: Session) -> bool:
    try:
        refresh(session)
    except Unauthenticated:
        return False
    return True


def is_admitted(access_token: str) -> bool:
    try:
        admit(verify_access_token(access_token))
    except Unauthenticated:
        return False
    return True


def lives(outcome: object) -> bool:
    """Return whether a call's result is a usable session."""
    if isinstance(outcome, Session):
        return is_admitted(outcome.access_token) or is_refreshed(outcome)
    assert isinstance(outcome, TidingsError), outcome
    return False


@points(LOGIN_POINTS)
@pytest.mark.parametrize("change", CHANGES)
def test_sign_in_overtaken_by_a_change_leaves_no_session(
    change: Change, point: tuple[Any, str, bool]
) -> None:
    user = an_operator()
    pause = Pause(point[0], point[1], after=point[2])

    outcome = during(pause, lambda: sign_in(user.email), lambda: change(user))

    assert not lives(outcome)


@points(REFRESH_POINTS)
@pytest.mark.parametrize("change", CHANGES)
def test_refresh_overtaken_by_a_change_leaves_no_session(
    change: Change, point: tuple[Any, str, bool]
) -> None:
    user = an_operator()
    before = sign_in(user.email)
    pause = Pause(point[0], point[1], after=point[2])

    outcome = during(pause, lambda: refresh(before), lambda: change(user))

    assert not lives(outcome)
    assert not lives(before)


@points(LOGIN_POINTS)
@pytest.mark.parametrize("dies_at", ["refuse_older_versions", "end_all"])
@pytest.mark.parametrize("change", [demote, delete, promote])
def test_change_whose_process_crashes_after_the_write_leaves_no_session(
    change: Change, dies_at: str, point: tuple[Any, str, bool]
) -> None:
    user = an_operator()
    before = sign_in(user.email)
    pause = Pause(point[0], point[1], after=point[2])

    outcome = during(pause, lambda: sign_in(user.email), lambda: _dying(change, user, dies_at))

    assert not lives(outcome)
    assert not lives(before)
    assert account_of(user).security_version == 1


class Died(BaseException):
    """Raised like a kill: no handler of the code catches it."""


def _dying(change: Change, user: User, dies_at: str) -> None:
    """Make a change whose process crashes after the write."""
    module: Any = credentials if dies_at == "refuse_older_versions" else session_store
    original = getattr(module, dies_at)

    def die(*arguments: Any) -> Any:
        if account_of(user).security_version:
            raise Died
        return original(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, dies_at, die)
        with pytest.raises(Died):
            change(user)


def account_of(user: User) -> User:
    found: User = User.objects.get(pk=user.id)
    return found


@pytest.mark.parametrize("change", [demote, promote, leave_everywhere])
def test_change_without_redis_is_made_and_no_session_is_refreshed(change: Change) -> None:
    user = an_operator()
    before = sign_in(user.email)
    without_redis(lambda: change(user))

    assert account_of(user).security_version == 1
    assert not is_refreshed(before)
    assert not is_admitted(before.access_token), "the refused refresh must end the session"


def test_sign_in_during_a_change_without_redis_is_refused() -> None:
    user = an_operator()
    pause = Pause(session_store, "start")
    change = partial(without_redis, lambda: demote(user))
    assert not lives(during(pause, lambda: sign_in(user.email), change))


def without_redis(change: Callable[[], object]) -> None:
    """Make a change while nothing listens at Redis' address."""
    gone = a_redis_that_is_away()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "client", lambda: gone)
        with pytest.raises(redis.RedisError):
            change()


def test_three_sign_ins_during_a_password_reset_leave_no_session() -> None:
    user = registered()
    calls = [lambda: _attempt(user.email)] * 3 + [lambda: reset(user)]
    outcomes = at_once(calls)
    assert not any(lives(each) for each in outcomes if isinstance(each, Session))
    assert lives(sign_in(user.email, NEW))


def _attempt(email: str) -> Session | None:
    try:
        return sign_in(email, PASSWORD)
    except TidingsError:
        return None


def test_concurrent_changes_each_raise_the_version() -> None:
    user = an_operator()
    at_once([lambda: demote(user), lambda: promote(user), lambda: leave_everywhere(user)])
    assert account_of(user).security_version == 3
    assert lives(sign_in(user.email))


def test_sessions_of_others_stay() -> None:
    user, other = an_operator(), registered()
    theirs = sign_in(other.email)
    demote(user)
    assert is_admitted(theirs.access_token)
    assert is_refreshed(theirs)


def test_account_from_before_versions_signs_in_and_gets_a_version() -> None:
    user = an_operator()
    User.objects(pk=user.id).update_one(unset__security_version=True)
    session = sign_in(user.email)
    assert is_admitted(session.access_token)
    demote(user)
    assert not lives(session)
    assert lives(sign_in(user.email))


def test_failed_change_refuses_the_account_for_at_most_a_minute() -> None:
    user = an_operator()
    with pytest.raises(RuntimeError), credentials.changing(user.id):
        raise RuntimeError
    key = ended_sessions.lowest_version_key(user.id)
    assert 0 < store.client().ttl(key) <= credentials.CHANGE_SECONDS
    with pytest.raises(Unauthenticated):
        sign_in(user.email)
    store.client().delete(key)
    assert lives(sign_in(user.email))


def test_change_without_effect_refuses_nobody_afterwards() -> None:
    user = an_operator()
    demote(user)
    older = Principal(user_id=user.id, role=Role.OPERATOR, session_id="session", security_version=0)
    with credentials.changing(user.id):
        assert User.objects(pk=user.id, role="nothing").modify(**credentials.NEXT_VERSION) is None
    assert lives(sign_in(user.email))
    with pytest.raises(Unauthenticated):
        admit(older)


# --------------------------------------------------------------------- services

SERVICE_POINTS = [
    (service_sessions, "compare_digest", True),
    (service_sessions, "_is_used", False),
    (service_sessions, "_is_used", True),
    (service_sessions, "issue_access_token", False),
    (service_sessions, "issue_access_token", True),
]


def start(made: Any) -> ServiceSession:
    return start_service_session(
        StartServiceSession.model_validate(
            {"client_id": made.client_id, "client_secret": made.client_secret}
        )
    )


def admits_service(outcome: object) -> bool:
    if isinstance(outcome, ServiceSession):
        return is_admitted(outcome.access_token)
    assert isinstance(outcome, TidingsError), outcome
    return False


@points(SERVICE_POINTS)
def test_service_revoked_during_its_sign_in_has_no_session(
    point: tuple[Any, str, bool],
) -> None:
    made = create_service(CreateService(name="Shop"))
    pause = Pause(point[0], point[1], after=point[2])
    outcome = during(pause, lambda: start(made), lambda: revoke_service(made.client_id))
    assert not admits_service(outcome)


@points(SERVICE_POINTS)
def test_service_whose_revocation_crashes_has_no_session(point: tuple[Any, str, bool]) -> None:
    made = create_service(CreateService(name="Shop"))
    before = start(made)

    def die() -> None:
        original = ended_sessions.refuse_session

        def dying(service_id: str, *seconds: int) -> None:
            if not seconds:
                raise Died
            original(service_id, *seconds)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(services, "refuse_session", dying)
            with pytest.raises(Died):
                revoke_service(made.client_id)

    pause = Pause(point[0], point[1], after=point[2])
    assert not admits_service(during(pause, lambda: start(made), die))
    assert not admits_service(before)
