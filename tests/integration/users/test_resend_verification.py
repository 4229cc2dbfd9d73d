"""Tests of further codes for an unverified address."""

import pytest

from tests.integration.builders import an_address
from tests.integration.users.people import (
    account,
    event_of,
    registered,
    stored_events,
    verification_code,
)
from tidings.users.errors import WrongCode
from tidings.users.registration import resend_verification, verify_email
from tidings.users.schemas import ResendVerification, VerifyEmail

pytestmark = pytest.mark.usefixtures("keys")


def resend(email: str) -> str:
    return resend_verification(ResendVerification(email=email)).message


def requests() -> list[str]:
    found = stored_events()
    return [each["subject"] for each in found if each["type"] == "user.verification_requested"]


@pytest.mark.parametrize("used", [0, 1])
def test_each_code_verifies_until_one_is_used(used: int) -> None:
    user = registered()
    resend(user.email)
    newer = event_of(user, "user.verification_requested")["data"]["verification_code"]
    both = [verification_code(user), newer]
    verify_email(VerifyEmail(email=user.email, code=both[used]))
    assert account(user.email).email_verified
    with pytest.raises(WrongCode):
        verify_email(VerifyEmail(email=user.email, code=both[1 - used]))


def test_registration_and_verification_are_not_revealed() -> None:
    waiting, verified = registered(), registered()
    verify_email(VerifyEmail(email=verified.email, code=verification_code(verified)))
    answers = {resend(each) for each in (waiting.email, verified.email, an_address())}
    assert len(answers) == 1
    assert requests() == [waiting.id]


def test_many_concurrent_requests_send_one_valid_code() -> None:
    user = registered()
    for _ in range(10):
        resend(user.email)
    assert requests() == [user.id]
    code = event_of(user, "user.verification_requested")["data"]["verification_code"]
    verify_email(VerifyEmail(email=user.email, code=code))
    assert account(user.email).email_verified
