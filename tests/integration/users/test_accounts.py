import pytest

from tests.integration.builders import a_person, an_address, at_once
from tests.integration.users.people import account, mark_verified, new, sign_in
from tidings.platform.errors import Forbidden
from tidings.platform.secrets import SigningKeys
from tidings.platform.security.auth import Principal, Role, verify_access_token
from tidings.platform.timing.clock import new_id
from tidings.users.errors import UserNotFound, WrongCredentials
from tidings.users.models import User
from tidings.users.queries import get_user
from tidings.users.registration import create_admin, register_user

pytestmark = pytest.mark.usefixtures("keys")


# --------------------------------------------------------------------- registering


def test_registered_person_is_a_customer_with_a_hashed_password() -> None:
    email = an_address()
    register_user(new(email))
    user = account(email)
    assert user.role == "customer"
    assert user.password_hash.startswith("$argon2id$")


def test_known_address_gets_the_same_answer_and_is_unchanged() -> None:
    email = an_address()
    first = register_user(new(email))
    mark_verified(account(email))
    before = account(email).to_mongo()
    second = register_user(new(email, password="another password", name="Eve"))
    assert first == second
    assert account(email).to_mongo() == before
    with pytest.raises(WrongCredentials):
        sign_in(email, "another password")


def test_address_is_the_same_in_any_case() -> None:
    email = an_address()
    register_user(new(email))
    register_user(new(email.upper()))
    assert User.objects.count() == 1
    assert sign_in(email.title()).user.email == email


def test_concurrent_registrations_make_one_account() -> None:
    email = an_address()
    answers = at_once([lambda: register_user(new(email))] * 5)
    assert User.objects(email=email).count() == 1
    assert len({answer.model_dump_json() for answer in answers}) == 1


# ------------------------------------------------------------------------ signing in


def test_signed_in_person_gets_their_token() -> None:
    email = an_address()
    register_user(new(email))
    session = sign_in(email)
    user = account(email)
    assert session.user.id == user.id
    principal = verify_access_token(session.access_token)
    assert (principal.user_id, principal.role) == (user.id, Role.CUSTOMER)
    assert principal.session_id
    assert (session.token_type, session.expires_in) == ("Bearer", 900)
    assert "argon2" not in session.model_dump_json()


def test_wrong_password_and_unknown_address_get_the_same_error() -> None:
    email = an_address()
    register_user(new(email))
    with pytest.raises(WrongCredentials) as wrong:
        sign_in(email, "not the password")
    with pytest.raises(WrongCredentials) as unknown:
        sign_in(an_address())
    assert wrong.value.message == unknown.value.message


def test_unknown_address_cannot_sign_in_with_any_password() -> None:
    with pytest.raises(WrongCredentials):
        sign_in(an_address(), "the password of nobody")


# --------------------------------------------------------------------- administrators


def test_administrator_is_created() -> None:
    email = an_address()
    assert create_admin(new(email)).role is Role.ADMIN
    assert sign_in(email).user.role is Role.ADMIN


def test_registration_cannot_replace_an_administrator() -> None:
    email = an_address()
    create_admin(new(email))
    register_user(new(email))
    assert account(email).role == "admin"


# -------------------------------------------------------------------------- ownership


def test_person_reads_their_own_account(keys: SigningKeys) -> None:
    email = an_address()
    register_user(new(email))
    user = account(email)
    seen = get_user(user.id, caller=Principal(user_id=user.id, role=Role.CUSTOMER))
    assert seen.email == email


def test_account_of_another_is_forbidden_whether_it_exists_or_not() -> None:
    email = an_address()
    register_user(new(email))
    for user_id in (account(email).id, new_id()):
        with pytest.raises(Forbidden):
            get_user(user_id, caller=a_person())


def test_operators_read_accounts_and_see_which_exist() -> None:
    email = an_address()
    register_user(new(email))
    assert get_user(account(email).id, caller=a_person(Role.OPERATOR)).email == email
    with pytest.raises(UserNotFound):
        get_user(new_id(), caller=a_person(Role.OPERATOR))
