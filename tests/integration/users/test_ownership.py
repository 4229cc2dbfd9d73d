"""Data set by the registrant of an address ends when the owner of the mailbox verifies it."""

import pytest
from users.verify_email import handler

from tests.integration.builders import CONTEXT, PASSWORD, at_once, graphql, token_of
from tests.integration.users.people import (
    account,
    as_principal,
    event_of,
    new,
    registered,
    reset_code,
    sign_in,
    stored_events,
    verification_code,
)
from tests.unit.platform.builders import answer_of, api_event
from tidings.platform.security.auth import verify_access_token
from tidings.users.contact_points import SetContactPoints, set_contact_points
from tidings.users.contacts import get_contacts
from tidings.users.errors import PushTokenNotFound, SessionEnded, WrongCode, WrongCredentials
from tidings.users.models import PushToken, User
from tidings.users.operations import update_user_preferences
from tidings.users.password_reset import reset_password
from tidings.users.preferences import UpdatePreferences
from tidings.users.push_tokens import register_push_token
from tidings.users.registration import register_user, resend_verification, verify_email
from tidings.users.schemas import (
    EmailVerification,
    RefreshSession,
    RegisterPushToken,
    ResendVerification,
    ResetPassword,
    Session,
    VerifyEmail,
)
from tidings.users.sessions import refresh_session

pytestmark = pytest.mark.usefixtures("keys")
OWNERS = "an owner's passphrase"
PHONE, URL = "+491701234567", "https://hooks.example.com/x"


@pytest.fixture
def stranger() -> Session:
    """Return the session of an address's registrant, with all data that an account can have."""
    user = registered("Mallory")
    caller = as_principal(user)
    set_contact_points(user.id, SetContactPoints(phone=PHONE, webhook_url=URL), caller=caller)
    chosen = {"orders": {"sms": True, "webhook": True}, "language": "de"}
    update_user_preferences(user.id, UpdatePreferences.model_validate(chosen), caller=caller)
    device = RegisterPushToken.model_validate({"platform": "ios", "token": "strangers"})
    register_push_token(user.id, device, caller=caller)
    return sign_in(user.email)


def prove(user: User, password: str | None = None, **caller: object) -> EmailVerification:
    content = {"email": user.email, "code": verification_code(user), "password": password}
    return verify_email(VerifyEmail.model_validate(content), **caller)  # type: ignore[arg-type]


def keeps_what_was_set(user: User) -> bool:
    contact = get_contacts([user.id])[user.id]
    kept = [
        contact.name == "Mallory",
        contact.phone == PHONE,
        contact.webhook_url == URL,
        [each.token for each in contact.devices] == ["strangers"],
        contact.preferences.orders.sms,
        contact.preferences.language == "de",
    ]
    assert len(set(kept)) == 1, "either all of it or nothing must remain"
    return kept[0]


def refreshes(session: Session) -> bool:
    try:
        refresh_session(RefreshSession.model_validate({"refresh_token": session.refresh_token}))
    except SessionEnded:
        return False
    return True


def signs_in(user: User, password: str) -> bool:
    try:
        sign_in(user.email, password)
    except WrongCredentials:
        return False
    return True


def test_code_alone_ends_all_data_and_requires_a_new_password(stranger: Session) -> None:
    user = account(stranger.user.email)
    assert prove(user).password_needed
    assert account(user.email).email_verified
    assert not keeps_what_was_set(user)
    assert not signs_in(user, PASSWORD)
    assert not signs_in(user, "-")
    assert not refreshes(stranger)


def test_code_with_another_password_sets_that_password(stranger: Session) -> None:
    user = account(stranger.user.email)
    assert not prove(user, OWNERS).password_needed
    assert not keeps_what_was_set(user)
    assert (signs_in(user, PASSWORD), signs_in(user, OWNERS)) == (False, True)
    assert not refreshes(stranger)


def test_code_with_the_password_keeps_everything(stranger: Session) -> None:
    user = account(stranger.user.email)
    assert not prove(user, PASSWORD).password_needed
    assert account(user.email).email_verified
    assert keeps_what_was_set(user)
    assert signs_in(user, PASSWORD)
    assert refreshes(stranger)


def test_code_in_the_session_of_the_account_keeps_everything(stranger: Session) -> None:
    user = account(stranger.user.email)
    assert not prove(user, caller=as_principal(user)).password_needed
    assert keeps_what_was_set(user)
    assert signs_in(user, PASSWORD)


def test_session_of_another_account_is_no_proof(stranger: Session) -> None:
    user = account(stranger.user.email)
    assert prove(user, caller=as_principal(registered())).password_needed
    assert not keeps_what_was_set(user)


def test_reset_ends_all_data(stranger: Session) -> None:
    user = account(stranger.user.email)
    reset = {"email": user.email, "code": reset_code(user), "password": OWNERS}
    reset_password(ResetPassword.model_validate(reset))
    assert account(user.email).email_verified
    assert not keeps_what_was_set(user)
    assert (signs_in(user, PASSWORD), signs_in(user, OWNERS)) == (False, True)
    assert not refreshes(stranger)


def test_reset_of_a_verified_account_keeps_its_data(stranger: Session) -> None:
    user = account(stranger.user.email)
    prove(user, PASSWORD)
    reset = {"email": user.email, "code": reset_code(user), "password": OWNERS}
    reset_password(ResetPassword.model_validate(reset))
    assert keeps_what_was_set(user)
    assert not refreshes(stranger)


def test_late_code_changes_nothing_on_a_verified_account(stranger: Session) -> None:
    user = account(stranger.user.email)
    late = verification_code(user)
    reset = {"email": user.email, "code": reset_code(user), "password": OWNERS}
    reset_password(ResetPassword.model_validate(reset))
    before = account(user.email).to_mongo()
    answer = verify_email(VerifyEmail(email=user.email, code=late))
    assert not answer.password_needed
    assert account(user.email).to_mongo() == before


def test_wrong_code_ends_nothing(stranger: Session) -> None:
    user = account(stranger.user.email)
    with pytest.raises(WrongCode):
        verify_email(VerifyEmail(email=user.email, code="00000000"))
    assert keeps_what_was_set(user)
    assert refreshes(stranger)


def test_owner_who_registers_too_gets_their_own_password_by_another_code(stranger: Session) -> None:
    user = account(stranger.user.email)
    register_user(new(user.email, OWNERS, name="Owner"))
    resend_verification(ResendVerification(email=user.email))
    code = event_of(user, "user.verification_requested")["data"]["verification_code"]
    proof = {"email": user.email, "code": code, "password": OWNERS}
    verify_email(VerifyEmail.model_validate(proof))
    assert not keeps_what_was_set(user)
    assert (signs_in(user, PASSWORD), signs_in(user, OWNERS)) == (False, True)


def test_device_added_during_the_verification_is_removed(stranger: Session) -> None:
    user = account(stranger.user.email)
    caller = verify_access_token(stranger.access_token)

    def add_devices() -> int:
        for number in range(15):
            device = {"platform": "ios", "token": f"late-{number}"}
            try:
                new_device = RegisterPushToken.model_validate(device)
                register_push_token(user.id, new_device, caller=caller)
            except PushTokenNotFound:
                continue
            except SessionEnded:
                return number
        return 15

    at_once([add_devices, lambda: prove(user)])
    assert PushToken.objects(user_id=user.id).count() == 0


def test_request_admitted_before_sets_nothing_after(stranger: Session) -> None:
    user = account(stranger.user.email)
    caller = verify_access_token(stranger.access_token)
    prove(user, OWNERS)
    device = RegisterPushToken.model_validate({"platform": "ios", "token": "late"})
    for late in (
        lambda: register_push_token(user.id, device, caller=caller),
        lambda: set_contact_points(user.id, SetContactPoints(phone=PHONE), caller=caller),
    ):
        with pytest.raises(SessionEnded):
            late()
    contact = get_contacts([user.id])[user.id]
    assert (contact.devices, contact.phone) == ((), None)


def test_address_is_announced_as_verified_once(stranger: Session) -> None:
    user = account(stranger.user.email)
    prove(user)
    told = [each["type"] for each in stored_events() if each["subject"] == user.id]
    assert told.count("user.verified") == 1


@pytest.mark.parametrize("signed_in", [True, False])
def test_rest_uses_the_callers_session(stranger: Session, signed_in: bool) -> None:
    user = account(stranger.user.email)
    headers = {"Authorization": f"Bearer {stranger.access_token}"} if signed_in else {}
    event = api_event({"email": user.email, "code": verification_code(user)}, headers=headers)
    status, answer = answer_of(handler(event, CONTEXT))
    assert status == 200, answer
    assert answer["data"]["password_needed"] is not signed_in
    assert keeps_what_was_set(user) is signed_in


@pytest.mark.parametrize("signed_in", [True, False])
def test_graphql_uses_the_callers_session(stranger: Session, signed_in: bool) -> None:
    user = account(stranger.user.email)
    answer = graphql(
        "mutation($i: VerifyEmailInput!) { verifyEmail(input: $i) { message passwordNeeded } }",
        token=token_of(as_principal(user)) if signed_in else None,
        i={"email": user.email, "code": verification_code(user)},
    )
    assert answer.content["data"]["verifyEmail"]["passwordNeeded"] is not signed_in
    assert keeps_what_was_set(user) is signed_in
