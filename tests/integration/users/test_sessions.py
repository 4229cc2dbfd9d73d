"""Tests of sessions: refresh and logout."""

import json

import pytest
from users import login as login_function

from tests.integration.builders import CONTEXT, PASSWORD, an_address, at_once
from tests.integration.users.people import registered, sign_in
from tests.unit.platform.builders import answer_of, api_event
from tidings.platform.errors import Unauthenticated
from tidings.platform.security import store
from tidings.platform.security.admission import admit
from tidings.platform.security.auth import Principal, Role, verify_access_token
from tidings.platform.timing.clock import now
from tidings.users import session_store
from tidings.users.errors import SessionEnded
from tidings.users.models import User
from tidings.users.schemas import Logout, RefreshSession, Session
from tidings.users.sessions import refresh_session
from tidings.users.signing_out import logout

pytestmark = pytest.mark.usefixtures("keys")


def refresh(token: str) -> Session:
    return refresh_session(RefreshSession.model_validate({"refresh_token": token}))


def a_session() -> Session:
    return sign_in(registered().email)


def caller_of(session: Session) -> Principal:
    return verify_access_token(session.access_token)


def is_admitted(session: Session) -> bool:
    try:
        admit(caller_of(session))
    except Unauthenticated:
        return False
    return True


def refusals(sessions: list[Session]) -> int:
    """Return how many of the sessions cannot be refreshed."""
    refused = 0
    for session in sessions:
        try:
            refresh(session.refresh_token)
        except SessionEnded:
            refused += 1
    return refused


def test_refresh_token_gives_new_tokens_of_the_same_session() -> None:
    first = a_session()
    second = refresh(first.refresh_token)
    assert second.refresh_token != first.refresh_token
    assert second.access_token != first.access_token
    assert caller_of(second) == caller_of(first)
    assert second.user == first.user
    assert refresh(second.refresh_token)


def test_reused_refresh_token_ends_the_whole_session() -> None:
    first = a_session()
    second = refresh(first.refresh_token)
    with pytest.raises(SessionEnded):
        refresh(first.refresh_token)
    with pytest.raises(SessionEnded):
        refresh(second.refresh_token)
    assert not is_admitted(second), "the thief's access token is still valid"


def test_stolen_session_does_not_end_the_persons_others() -> None:
    user = registered()
    stolen, other = sign_in(user.email), sign_in(user.email)
    refresh(stolen.refresh_token)
    with pytest.raises(SessionEnded):
        refresh(stolen.refresh_token)
    assert refresh(other.refresh_token)
    assert is_admitted(other)


def test_of_concurrent_refreshes_at_most_one_succeeds_and_the_session_ends() -> None:
    session = a_session()

    def attempt() -> Session | None:
        try:
            return refresh(session.refresh_token)
        except SessionEnded:
            return None

    answers = [each for each in at_once([attempt] * 8) if each]
    assert len(answers) == 1
    assert refusals(answers) == 1


@pytest.mark.parametrize("verified", [True, False])
def test_sessions_are_limited_and_the_least_recently_used_ends(
    monkeypatch: pytest.MonkeyPatch, verified: bool
) -> None:
    monkeypatch.setattr(session_store, "MAX_SESSIONS", 3 if verified else 99)
    monkeypatch.setattr(session_store, "MAX_UNVERIFIED_SESSIONS", 99 if verified else 3)
    user, other = registered(), a_session()
    User.objects(pk=user.id).update_one(set__verified_at=now() if verified else None)
    first, second, third = (sign_in(user.email) for _ in range(3))
    first = refresh(first.refresh_token)
    fourth = sign_in(user.email)
    kept = store.client().zcard(store.key("sessions", user.id))
    assert kept == len(store.client().keys(store.key("session", "*"))) - 1 == 3
    assert refusals([second]) == 1
    assert refusals([first, third, fourth, other]) == 0


@pytest.mark.parametrize("token", ["x", ".", "a.b", "a" * 200, "größe.größe"])
def test_malformed_refresh_token_is_refused(token: str) -> None:
    with pytest.raises(SessionEnded):
        refresh(token)


def test_refreshed_session_has_the_current_role() -> None:
    user = registered()
    session = sign_in(user.email)
    User.objects(pk=user.id).update_one(set__role="operator")
    assert caller_of(refresh(session.refresh_token)).role is Role.OPERATOR


def test_session_of_a_deleted_account_is_not_refreshed() -> None:
    user = registered()
    session = sign_in(user.email)
    User.objects(pk=user.id).delete()
    with pytest.raises(SessionEnded):
        refresh(session.refresh_token)


def test_no_token_is_stored_and_every_key_expires() -> None:
    session = a_session()
    redis = store.client()
    keys = list(redis.scan_iter(store.key("sess*")))
    assert len(keys) == 2
    for key in keys:
        assert 0 < redis.ttl(key) <= session_store.SESSION_SECONDS
        content = redis.hgetall(key) if redis.type(key) == "hash" else redis.zrange(key, 0, -1)
        for part in session.refresh_token.split("."):
            assert part not in str(content) + key


def test_logout_ends_this_session_only() -> None:
    user = registered()
    here, there = sign_in(user.email), sign_in(user.email)
    logout(Logout(), caller=caller_of(here))
    assert not is_admitted(here)
    assert is_admitted(there)
    assert refusals([here]) == 1
    assert refusals([there]) == 0


def test_logout_everywhere_ends_all_sessions_of_this_person_only() -> None:
    user = registered()
    mine = [sign_in(user.email) for _ in range(3)]
    others = a_session()
    logout(Logout(all_sessions=True), caller=caller_of(mine[0]))
    assert [is_admitted(each) for each in mine] == [False] * 3
    assert refusals(mine) == 3
    assert is_admitted(others)
    assert refusals([others]) == 0


def test_second_logout_is_harmless() -> None:
    session = a_session()
    for _ in range(2):
        assert logout(Logout(), caller=caller_of(session)).message


def test_ended_session_is_refused_before_the_operation() -> None:
    from users.get_user import handler

    session = a_session()
    event = api_event(
        headers={"Authorization": f"Bearer {session.access_token}"},
        pathParameters={"user_id": "me"},
    )
    assert handler(event, CONTEXT)["statusCode"] == 200
    logout(Logout(), caller=caller_of(session))
    assert handler(event, CONTEXT)["statusCode"] == 401


def test_forged_session_id_ends_no_session() -> None:
    session = a_session()
    family = session.refresh_token.partition(".")[0]
    with pytest.raises(SessionEnded):
        refresh(f"{family[:-1]}.{an_address()}")
    assert refresh(session.refresh_token)


@pytest.mark.parametrize(
    "values",
    [
        {"password": "half \ud800"},
        {"password": PASSWORD, "device_token": "half.\ud800"},
        {"password": PASSWORD, "device_token": "half\udfff.x"},
    ],
    ids=["password", "signature", "name of a device"],
)
def test_half_a_surrogate_pair_causes_no_server_error(values: dict[str, str]) -> None:
    event = api_event(json.dumps({"email": registered().email, **values}))
    status, answer = answer_of(login_function.handler(event, CONTEXT))
    assert (status, answer["error"]["code"]) == (400, "BAD_USER_INPUT")
