"""All spellings of an address are one mailbox with one account."""

import pytest

from tests.integration.builders import PASSWORD
from tests.integration.users.people import (
    account,
    as_principal,
    new,
    registered,
    reset_code,
    sign_in,
    verification_code,
)
from tidings.platform.security import store
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id
from tidings.users.errors import AddressNotVerified
from tidings.users.models import User
from tidings.users.password_reset import reset_password
from tidings.users.queries import get_users
from tidings.users.registration import create_admin, register_user, verify_email
from tidings.users.schemas import ResetPassword, UserFilter, VerifyEmail

STORED = "ada@faß.de"
SPELLINGS = ["Ada@FAẞ.de", "ada@xn--fa-hia.de", "ADA@XN--FA-HIA.DE", '"ada"@faß.de', "ada@faß.de."]
OPERATOR = Principal(user_id=new_id(), role=Role.OPERATOR)

pytestmark = pytest.mark.usefixtures("keys")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_mailbox_has_one_account(spelling: str) -> None:
    user = registered(email=STORED)
    register_user(new(spelling, password="another horse"))
    with pytest.raises(AddressNotVerified):
        create_admin(new(spelling, password="another horse"))
    assert [each.id for each in User.objects] == [user.id]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_account_is_stored_in_canonical_form_and_found_by_each(spelling: str) -> None:
    register_user(new(spelling))
    user = account(STORED)
    proof = {"email": spelling, "code": verification_code(user), "password": PASSWORD}
    verify_email(VerifyEmail.model_validate(proof))
    assert sign_in(spelling).user.email_verified
    reset = {"email": spelling, "password": "another horse", "code": reset_code(user)}
    reset_password(ResetPassword.model_validate(reset))
    assert sign_in(STORED, "another horse").user.id == user.id


def test_similar_domain_is_another_mailbox() -> None:
    one, other = registered(email=STORED), registered(email="ada@fass.de")
    assert one.id != other.id
    assert sign_in("ada@fass.de").user.id == other.id


def test_guesses_are_counted_for_the_mailbox_in_any_spelling() -> None:
    registered(email=STORED)
    for spelling in SPELLINGS:
        with pytest.raises(Exception, match="wrong"):
            sign_in(spelling, "a wrong one")
    assert len(list(store.client().scan_iter(store.key("failures", "sign-in-account:*")))) == 1


@pytest.mark.parametrize("search", [*SPELLINGS[:3], "@xn--fa-hia.de", "<ada@faß.de>", "ada@"])
def test_operators_find_an_account_by_each_spelling(search: str) -> None:
    user, _ = registered(email=STORED), registered(email="eve@fass.de")
    found = get_users(UserFilter(search=search), PageRequest.model_validate({}), caller=OPERATOR)
    assert [each.id for each in found.items] == [user.id]


def test_account_with_a_now_refused_address_can_sign_in_and_be_found() -> None:
    user = registered()
    User.objects(pk=user.id).update_one(set__email="ü@example.com")
    assert sign_in("Ü@example.com", PASSWORD).user.id == user.id
    found = get_users(
        UserFilter(search="ü@EXAMPLE.com"), PageRequest.model_validate({}), caller=as_operator(user)
    )
    assert [each.id for each in found.items] == [user.id]


def as_operator(user: User) -> Principal:
    return Principal(user_id=as_principal(user).user_id, role=Role.OPERATOR)
