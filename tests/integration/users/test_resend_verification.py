"""Another code for an address that is not verified yet."""

import pytest

from tests.integration.builders import an_address
from tests.integration.users.people import (
    account,
    event_of,
    registered,
    stored_events,
    verification_code,
)
from tidings.platform.errors import RateLimited
from tidings.users.errors import WrongCode
from tidings.users.registration import resend_verification, verify_email
from tidings.users.schemas import ResendVerification, VerifyEmail

pytestmark = pytest.mark.usefixtures("keys")


def resend(email: str) -> str:
    return resend_verification(ResendVerification(email=email)).message


def requests() -> list[str]:
    found = stored_events()
    return [each["subject"] for each in found if each["type"] == "user.verification_requested"]


def test_new_code_verifies_and_the_older_one_is_void() -> None:
    user = registered()
    older = verification_code(user)
    resend(user.email)
    newer = event_of(user, "user.verification_requested")["data"]["verification_code"]
    with pytest.raises(WrongCode):
        verify_email(VerifyEmail(email=user.email, code=older))
    verify_email(VerifyEmail(email=user.email, code=newer))
    assert account(user.email).email_verified


def test_nobody_learns_who_is_registered_or_verified() -> None:
    waiting, verified = registered(), registered()
    verify_email(VerifyEmail(email=verified.email, code=verification_code(verified)))
    answers = {resend(each) for each in (waiting.email, verified.email, an_address())}
    assert len(answers) == 1
    assert requests() == [waiting.id]


def test_codes_are_asked_for_so_often_only_whether_the_account_exists_or_not() -> None:
    for email in (registered().email, an_address()):
        for _ in range(5):
            resend(email)
        with pytest.raises(RateLimited):
            resend(email)
