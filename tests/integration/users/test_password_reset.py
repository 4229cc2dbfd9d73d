"""A forgotten password."""

import pytest

from tests.integration.builders import an_address, at_once
from tests.integration.users.people import (
    account,
    registered,
    reset_code,
    sign_in,
    stored_events,
)
from tidings.platform.errors import RateLimited
from tidings.users import codes, throttle
from tidings.users.errors import SessionEnded, WrongCode, WrongCredentials
from tidings.users.password_reset import request_password_reset, reset_password
from tidings.users.schemas import RefreshSession, RequestPasswordReset, ResetPassword
from tidings.users.sessions import refresh_session

pytestmark = pytest.mark.usefixtures("keys")
NEW = "another fine passphrase"


def reset(email: str, code: str, password: str = NEW) -> bool:
    try:
        reset_password(
            ResetPassword.model_validate({"email": email, "code": code, "password": password})
        )
    except WrongCode:
        return False
    return True


def test_code_sets_a_new_password() -> None:
    user = registered()
    assert reset(user.email, reset_code(user))
    assert sign_in(user.email, NEW)
    with pytest.raises(WrongCredentials):
        sign_in(user.email)


def test_new_password_ends_all_sessions_and_verifies_the_address() -> None:
    user = registered()
    session = sign_in(user.email)
    reset(user.email, reset_code(user))
    with pytest.raises(SessionEnded):
        refresh_session(RefreshSession.model_validate({"refresh_token": session.refresh_token}))
    assert account(user.email).email_verified


def test_code_works_once_also_at_once() -> None:
    user = registered()
    code = reset_code(user)
    assert sum(at_once([lambda: reset(user.email, code)] * 4)) == 1
    assert not reset(user.email, code, "yet another passphrase")
    assert sign_in(user.email, NEW)


def test_newer_code_replaces_the_older() -> None:
    user = registered()
    old, new = reset_code(user), reset_code(user)
    assert [reset(user.email, old), reset(user.email, new)] == [False, True]


def test_code_dies_of_wrong_attempts_and_the_password_stays() -> None:
    user = registered()
    code = reset_code(user)
    for _ in range(codes.MAX_ATTEMPTS):
        assert not reset(user.email, "00000000")
    assert not reset(user.email, code)
    assert sign_in(user.email)


def test_code_of_one_purpose_is_none_of_another() -> None:
    user = registered()
    from tests.integration.users.people import verification_code

    assert not reset(user.email, verification_code(user))


def test_unknown_address_gets_the_same_answer_and_nothing_is_announced() -> None:
    user, stranger = registered(), an_address()
    known = request_password_reset(RequestPasswordReset(email=user.email))
    unknown = request_password_reset(RequestPasswordReset(email=stranger))
    assert known == unknown
    requested = [e for e in stored_events() if e["type"] == "user.password_reset_requested"]
    assert [each["subject"] for each in requested] == [user.id]
    assert not reset(stranger, "00000000")


def test_codes_are_asked_for_so_often_only_whether_the_account_exists_or_not() -> None:
    for email in (registered().email, an_address()):
        for _ in range(throttle.CODES_FOR_ACCOUNT.times):
            request_password_reset(RequestPasswordReset(email=email))
        with pytest.raises(RateLimited):
            request_password_reset(RequestPasswordReset(email=email))


def test_new_password_lifts_the_wait_of_wrong_ones() -> None:
    user = registered()
    for _ in range(throttle.SIGN_INS_OF_ACCOUNT.free + 1):
        with pytest.raises(WrongCredentials):
            sign_in(user.email, "wrong")
    with pytest.raises(RateLimited):
        sign_in(user.email)
    reset(user.email, reset_code(user))
    assert sign_in(user.email, NEW)
