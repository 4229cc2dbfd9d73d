"""A phone is verified by a code before anything else is sent to it."""

from typing import Any

import pytest
from users import request_phone_verification as request_function
from users import verify_phone as verify_function

from tests.integration.builders import CONTEXT, a_person, at_once, graphql, token_of
from tests.integration.users.pauses import Pause, during
from tests.integration.users.people import (
    as_principal,
    event_of,
    mark_verified,
    registered,
    stored_events,
)
from tests.unit.platform.builders import answer_of, api_event
from tidings.platform import settings
from tidings.platform.context import called_from
from tidings.platform.errors import Forbidden, RateLimited
from tidings.platform.security import store
from tidings.platform.security.auth import Role
from tidings.users import codes, phone_verification, throttle
from tidings.users.contact_points import SetContactPoints, get_contact_points, set_contact_points
from tidings.users.contacts import get_contacts
from tidings.users.errors import EmailNotVerified, NoPhone, WrongCode
from tidings.users.models import User
from tidings.users.phone_verification import request_phone_verification, verify_phone
from tidings.users.schemas import VerifyPhone

pytestmark = pytest.mark.usefixtures("keys")
PHONE, OTHER = "+491701234567", "+491707654321"
REQUESTED = "user.phone_verification_requested"


def with_phone(phone: str = PHONE, *, verified: bool = True) -> User:
    """Return an account with an unverified phone."""
    user = registered()
    if verified:
        mark_verified(user)
    set_phone(user, phone)
    return user


def set_phone(user: User, phone: str | None) -> None:
    set_contact_points(user.id, SetContactPoints(phone=phone), caller=as_principal(user))


def code_of(user: User) -> str:
    request_phone_verification(user.id, caller=as_principal(user))
    return str(event_of(user, REQUESTED)["data"]["phone_code"])


def verifies(user: User, code: str) -> bool:
    try:
        verify_phone(user.id, VerifyPhone(code=code), caller=as_principal(user))
    except WrongCode:
        return False
    return True


def is_verified(user: User) -> bool:
    """Return whether the phone is verified, for its owner and for delivery."""
    seen = get_contact_points(user.id, caller=as_principal(user)).phone_verified
    assert get_contacts([user.id])[user.id].phone_verified is seen
    return seen


def requested() -> int:
    return [each["type"] for each in stored_events()].count(REQUESTED)


def test_code_verifies_the_phone_once() -> None:
    user = with_phone()
    code = code_of(user)
    assert not is_verified(user)
    assert [verifies(user, code), verifies(user, code)] == [True, False]
    assert is_verified(user)


def test_concurrent_codes_work_once() -> None:
    user = with_phone()
    code = code_of(user)
    assert sum(at_once([lambda: verifies(user, code)] * 4)) == 1


def test_wrong_code_verifies_nothing() -> None:
    user = with_phone()
    code = code_of(user)
    assert not verifies(user, "00000000")
    assert not is_verified(user)
    assert verifies(user, code)


def test_phone_from_before_verification_is_not_verified() -> None:
    user = registered()
    User.objects(pk=user.id).update_one(set__phone=PHONE, set__verified_at=user.created_at)
    assert not is_verified(user)


def test_changed_number_is_not_verified_and_an_unchanged_one_is() -> None:
    user = with_phone()
    assert verifies(user, code_of(user))
    set_phone(user, PHONE)
    assert is_verified(user)
    set_phone(user, OTHER)
    assert not is_verified(user)
    set_phone(user, PHONE)
    assert not is_verified(user)


@pytest.mark.parametrize("back", [True, False])
def test_code_of_one_number_does_not_verify_another(back: bool) -> None:
    user = with_phone(PHONE)
    code = code_of(user)
    set_phone(user, OTHER)
    if back:  # its code may have been sent to the other number meanwhile
        set_phone(user, PHONE)
    assert not verifies(user, code)
    assert not is_verified(user)


def test_code_of_one_number_that_exists_beside_another_does_not_verify_it() -> None:
    user = with_phone(PHONE)
    first: list[str] = []

    def ask_for_the_first() -> None:
        first.append(code_of(user))
        set_phone(user, OTHER)

    set_phone(user, OTHER)
    # The request for OTHER is overtaken between ending older codes and making its own.
    pause = Pause(codes, "end", after=True)

    def overtake() -> None:
        set_phone(user, PHONE)
        ask_for_the_first()

    during(pause, lambda: request_phone_verification(user.id, caller=as_principal(user)), overtake)
    assert not verifies(user, first[0])
    assert not is_verified(user)
    second = str(event_of(user, REQUESTED)["data"]["phone_code"])
    assert second != first[0]
    assert verifies(user, second)


def test_older_code_is_invalid() -> None:
    user = with_phone()
    older, newer = code_of(user), code_of(user)
    assert not verifies(user, older)
    assert verifies(user, newer)


def test_number_set_during_the_request_is_not_verified_by_its_code() -> None:
    user = with_phone(PHONE)
    code = code_of(user)

    def prove() -> bool:
        return verifies(user, code)

    def change() -> bool:
        set_phone(user, OTHER)
        return False

    at_once([prove, change])
    assert not (is_verified(user) and User.objects.get(pk=user.id).phone == OTHER)


def test_code_needs_a_verified_address() -> None:
    user = with_phone(verified=False)
    with pytest.raises(EmailNotVerified):
        request_phone_verification(user.id, caller=as_principal(user))
    assert requested() == 0


def test_without_a_phone_there_is_nothing_to_verify() -> None:
    user = registered()
    with pytest.raises(NoPhone):
        request_phone_verification(user.id, caller=as_principal(user))
    assert not verifies(user, "00000000")


def test_verified_phone_gets_no_further_codes() -> None:
    user = with_phone()
    assert verifies(user, code_of(user))
    before = requested()
    request_phone_verification(user.id, caller=as_principal(user))
    assert requested() == before


@pytest.mark.parametrize("role", list(Role))
def test_others_can_neither_request_nor_verify(role: Role) -> None:
    user = with_phone()
    code = code_of(user)
    with pytest.raises(Forbidden):
        request_phone_verification(user.id, caller=a_person(role))
    with pytest.raises(Forbidden):
        verify_phone(user.id, VerifyPhone(code=code), caller=a_person(role))
    assert (requested(), is_verified(user)) == (1, False)


def test_code_is_stored_as_a_hash_for_a_quarter_of_an_hour() -> None:
    user = with_phone()
    code = code_of(user)
    (key,) = store.client().scan_iter(store.key("code", codes.PHONE_VERIFICATION.name, "*"))
    assert 0 < store.client().ttl(key) <= 15 * 60
    assert code not in str(store.client().hgetall(key))


# ---------------------------------------------------------------------------- limits


def limited(monkeypatch: pytest.MonkeyPatch, **few: int) -> None:
    changed = settings.settings().model_copy(update=few)
    monkeypatch.setattr(phone_verification, "settings", lambda: changed)


def codes_until_refused(*users: User, at_most: int = 10) -> int:
    """Request codes by turns; return how many were announced."""
    for number in range(at_most):
        user = users[number % len(users)]
        try:
            request_phone_verification(user.id, caller=as_principal(user))
        except RateLimited:
            break
    return requested()


def test_codes_are_limited_for_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limited(monkeypatch, phone_codes_per_hour=3)
    user = with_phone()
    for number in range(5):
        set_phone(user, f"+49170{number}000000")
        codes_until_refused(user, at_most=1)
    assert requested() == 3


def test_codes_are_limited_for_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, phone_codes_per_hour=3)
    assert codes_until_refused(*(with_phone() for _ in range(5))) == 3


def test_codes_are_limited_for_a_range_of_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, phone_codes_per_range_per_hour=4)
    neighbours = [with_phone(f"+49170123{number:04}") for number in range(6)]
    assert codes_until_refused(*neighbours) == 4


def test_codes_are_limited_for_a_network() -> None:
    user = with_phone()
    with called_from("192.0.2.9"):
        for _ in range(throttle.PHONE_CODES_BY_ADDRESS.times):
            throttle.PHONE_CODES_BY_ADDRESS.take_for_address()
        assert codes_until_refused(user) == 0
    with called_from("192.0.2.10"):
        assert codes_until_refused(user, at_most=1) == 1


def test_attempts_with_codes_are_limited() -> None:
    user = with_phone()
    code = code_of(user)
    for _ in range(throttle.PHONE_CODES_TRIED_FOR_ACCOUNT.times):
        throttle.PHONE_CODES_TRIED_FOR_ACCOUNT.take(user.id)
    with pytest.raises(RateLimited):
        verifies(user, code)
    assert not is_verified(user)


# ----------------------------------------------------------------------- entry points


def call(function: Any, user: User, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {token_of(as_principal(user))}"}
    event = api_event(body, headers=headers, pathParameters={"user_id": "me"})
    return answer_of(function.handler(event, CONTEXT))


def test_rest_verifies() -> None:
    user = with_phone()
    assert call(request_function, user)[0] == 200
    code = code_of(user)
    status, refused = call(verify_function, user, {"code": "00000000"})
    assert (status, refused["error"]["details"][0]["field"]) == (422, "code")
    assert call(verify_function, user, {"code": code})[0] == 200
    assert is_verified(user)


def test_graphql_verifies() -> None:
    user = with_phone()
    token = token_of(as_principal(user))
    asked = graphql("mutation { requestPhoneVerification { message } }", token=token)
    assert "errors" not in asked.content
    code = code_of(user)
    verify = "mutation($c: String!) { verifyPhone(code: $c) { message } }"
    assert "errors" not in graphql(verify, token=token, c=code).content
    assert is_verified(user)
