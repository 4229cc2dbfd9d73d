"""Tests of the reset of a forgotten password."""

from datetime import timedelta

import pytest

from tests.integration.builders import an_address, at_once
from tests.integration.users.people import (
    account,
    event_of,
    registered,
    reset_code,
    sign_in,
    stored_events,
)
from tidings.platform.errors import RateLimited
from tidings.platform.security import store
from tidings.platform.timing.clock import new_id, now
from tidings.users import codes, decoys, throttle
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


def test_code_works_once_also_concurrently() -> None:
    user = registered()
    code = reset_code(user)
    assert sum(at_once([lambda: reset(user.email, code)] * 4)) == 1
    assert not reset(user.email, code, "yet another passphrase")
    assert sign_in(user.email, NEW)


@pytest.mark.parametrize("used", [0, 1])
def test_each_code_works_until_one_is_used(used: int) -> None:
    user = registered()
    both = [reset_code(user), reset_code(user)]
    assert reset(user.email, both[used])
    assert not reset(user.email, both[1 - used], "yet another passphrase")


def test_wrong_codes_leave_the_password_and_the_right_code() -> None:
    user = registered()
    code = reset_code(user)
    for _ in range(30):
        assert not reset(user.email, "00000000")
    assert sign_in(user.email)
    assert reset(user.email, code)


def test_code_of_one_purpose_is_invalid_for_another() -> None:
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


def test_repeated_requests_of_others_do_not_stop_the_owner() -> None:
    user = registered()
    for _ in range(10):
        request_password_reset(RequestPasswordReset(email=user.email))
    mailed = [e for e in stored_events() if e["type"] == "user.password_reset_requested"]
    assert len(mailed) == 1, "the mailbox must get few mails"
    assert reset(user.email, mailed[0]["data"]["reset_code"])
    request_password_reset(RequestPasswordReset(email=user.email))
    mailed = [e for e in stored_events() if e["type"] == "user.password_reset_requested"]
    assert len(mailed) == 2, "after a used code the next one must be sent at once"


def test_failed_request_does_not_delay_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = registered()
    with monkeypatch.context() as patch:
        patch.setattr(decoys, "announce", _fail)
        with pytest.raises(ConnectionError):
            request_password_reset(RequestPasswordReset(email=user.email))
    request_password_reset(RequestPasswordReset(email=user.email))
    code = event_of(user, "user.password_reset_requested")["data"]["reset_code"]
    assert reset(user.email, code)


def _fail(*_: object) -> None:
    raise ConnectionError


def test_mailbox_always_has_a_valid_code() -> None:
    mails = (
        (throttle.RESET_MAILS, codes.PASSWORD_RESET),
        (throttle.VERIFICATION_MAILS, codes.VERIFICATION),
    )
    for guard, purpose in mails:
        assert guard.longest * 2 <= purpose.seconds


def test_code_expires() -> None:
    user_id, made = new_id(), now()
    code = codes.issue(codes.PASSWORD_RESET, user_id, at=made)
    late = made + timedelta(seconds=codes.PASSWORD_RESET.seconds)
    assert not codes.redeem(codes.PASSWORD_RESET, user_id, code.text, at=late)
    newer = codes.issue(codes.PASSWORD_RESET, user_id, at=late)
    assert len(store.client().hgetall(codes._key(codes.PASSWORD_RESET, user_id))) == 1
    in_time = late + timedelta(seconds=codes.PASSWORD_RESET.seconds - 1)
    assert codes.redeem(codes.PASSWORD_RESET, user_id, newer.text, at=in_time)


def test_new_password_ends_the_wait_after_wrong_ones() -> None:
    user = registered()
    for _ in range(throttle.SIGN_INS_OF_PAIR.free + 1):
        with pytest.raises(WrongCredentials):
            sign_in(user.email, "wrong")
    with pytest.raises(RateLimited):
        sign_in(user.email)
    reset(user.email, reset_code(user))
    assert sign_in(user.email, NEW)
