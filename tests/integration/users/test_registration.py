"""Tests of the verification of an account's address."""

import hashlib
from contextlib import suppress

import pytest

from tests.integration.builders import an_address, at_once
from tests.integration.users.people import (
    account,
    as_principal,
    decoys_events,
    event_of,
    new,
    registered,
    sign_in,
    stored_events,
    verification_code,
)
from tidings.platform.context import called_from
from tidings.platform.errors import RateLimited
from tidings.platform.security import store
from tidings.users import codes, throttle
from tidings.users.errors import WrongCode
from tidings.users.models import User
from tidings.users.operations import delete_account
from tidings.users.preferences import ChannelSwitches
from tidings.users.queries import get_user
from tidings.users.registration import create_admin, register_user, verify_email
from tidings.users.schemas import VerifyEmail

pytestmark = pytest.mark.usefixtures("keys")


def verify(email: str, code: str) -> bool:
    try:
        verify_email(VerifyEmail(email=email, code=code))
    except WrongCode:
        return False
    return True


def verified_events() -> list[str]:
    return [each["subject"] for each in stored_events() if each["type"] == "user.verified"]


def test_registration_announces_a_code_that_verifies_the_address() -> None:
    user = registered()
    assert not user.email_verified
    assert verify(user.email, verification_code(user))
    assert account(user.email).email_verified
    assert verified_events() == [user.id]


def test_person_may_sign_in_before_the_verification() -> None:
    user = registered()
    assert sign_in(user.email).user.email_verified is False


@pytest.mark.parametrize("change", [str.lower, lambda code: f" {code[:4]}-{code[4:]} "])
def test_code_is_accepted_in_any_case_and_with_separators(change: object) -> None:
    user = registered()
    assert verify(user.email, change(verification_code(user)))  # type: ignore[operator]


def test_code_works_once() -> None:
    user = registered()
    code = verification_code(user)
    assert [verify(user.email, code), verify(user.email, code)] == [True, False]
    assert verified_events() == [user.id]


def test_concurrent_uses_of_a_code_work_once() -> None:
    user = registered()
    code = verification_code(user)
    assert sum(at_once([lambda: verify(user.email, code)] * 4)) == 1
    assert verified_events() == [user.id]


def test_wrong_codes_leave_the_right_code() -> None:
    user = registered()
    for _ in range(30):
        assert not verify(user.email, "00000000")
    assert not account(user.email).email_verified
    assert verify(user.email, verification_code(user))


def test_code_is_valid_for_its_account_only() -> None:
    one, other = registered(), registered()
    assert not verify(other.email, verification_code(one))
    assert not account(other.email).email_verified


def test_unknown_address_gets_the_error_of_a_wrong_code() -> None:
    assert not verify(an_address(), "00000000")


def test_code_expires_and_is_not_stored_in_clear() -> None:
    user = registered()
    (key,) = store.client().scan_iter(store.key("code", "*"))
    assert 0 < store.client().ttl(key) <= codes.VERIFICATION.seconds
    stored = store.client().hgetall(key)
    assert verification_code(user) not in str(stored)
    for text in (verification_code(user), f"{user.id}:{verification_code(user)}"):
        assert hashlib.sha256(text.encode()).hexdigest() not in stored, "the hash must need a key"


def test_event_contains_only_necessary_data_of_the_person() -> None:
    user = registered()
    data = event_of(user, "user.registered")["data"]
    assert data.keys() == {"user_id", "verification_code", "code_expires_at"}


def test_known_address_gets_no_second_code_and_no_event() -> None:
    user = registered()
    register_user(new(user.email))
    assert [each["type"] for each in stored_events()] == ["user.registered"]
    (decoy,) = decoys_events()
    assert not verify(user.email, decoy["data"]["verification_code"])
    assert User.objects(pk=decoy["subject"]).first() is None


def test_too_many_registrations_from_one_network_are_refused() -> None:
    with called_from("192.0.2.7"):
        for _ in range(throttle.REGISTRATIONS_OF_ADDRESS.times):
            throttle.REGISTRATIONS_OF_ADDRESS.take_for_address()
        with pytest.raises(RateLimited) as refused:
            register_user(new(an_address()))
    assert 0 < refused.value.retry_after <= 3600
    assert User.objects.count() == 0
    with called_from("192.0.2.8"):
        register_user(new(an_address()))


def test_wrong_codes_are_counted_for_the_network_and_the_right_one_passes() -> None:
    user = registered()
    with called_from("192.0.2.7"):
        for _ in range(throttle.WRONG_CODES_OF_ADDRESS.times):
            throttle.WRONG_CODES_OF_ADDRESS.take_for_address()
        for email in (user.email, an_address()):
            with pytest.raises(RateLimited):
                verify(email, "00000000")
        assert verify(user.email, verification_code(user))


def test_repeated_registrations_by_others_do_not_stop_the_owner() -> None:
    user = registered()
    for _ in range(10):
        with suppress(RateLimited):
            register_user(new(user.email, password="another password"))
    assert sign_in(user.email)
    assert verify(user.email, verification_code(user))


def test_administrator_is_created_without_a_code_or_an_event() -> None:
    email = an_address()
    create_admin(new(email))
    assert account(email).email_verified
    assert stored_events() == []


def registrations(email: str, tries: int, *, delete: bool) -> int:
    """Register an address from many networks; return how often it was accepted."""
    taken = 0
    for number in range(tries):
        with called_from(f"2001:db8:0:{number:x}::1"):
            try:
                register_user(new(email))
            except RateLimited:
                continue
        taken += 1
        if delete:
            user = account(email)
            delete_account(user.id, caller=as_principal(user))
    return taken


def test_registering_and_deleting_sends_few_mails() -> None:
    email = an_address()
    assert registrations(email, 12, delete=True) == throttle.REGISTRATIONS_OF_EMAIL.free + 1
    assert User.objects(email=email).first() is None
    register_user(new(an_address()))


def test_registrations_of_known_and_unknown_addresses_wait_alike() -> None:
    known, unknown = registered().email, an_address()
    throttle.REGISTRATIONS_OF_EMAIL.forget(known)
    of_known = registrations(known, 8, delete=False)
    assert of_known == registrations(unknown, 8, delete=True)


def test_registration_may_switch_mail_and_push() -> None:
    switches = ChannelSwitches(email=False, push=True)
    silent = new(an_address()).model_copy(update={"preferences": switches})
    register_user(silent)
    user = account(silent.email)
    shown = get_user(user.id, caller=as_principal(user)).preferences
    assert (shown.email, shown.push) == (False, True)
    # Consent to offers is given for offers.
    assert shown.promotions.push is False


def test_registration_of_a_known_address_changes_no_preferences() -> None:
    user = registered()
    again = new(user.email).model_copy(update={"preferences": ChannelSwitches(email=False)})
    register_user(again)
    assert account(user.email).preferences == {}
