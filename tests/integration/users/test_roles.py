"""An account gets a higher role only after its owner has verified the address."""

from collections.abc import Callable

import pytest

from tests.integration.builders import PASSWORD, a_person, an_address, at_once
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
from tidings.platform.errors import RuleRefused, Unauthenticated
from tidings.platform.security.admission import admit
from tidings.platform.security.auth import Role, verify_access_token
from tidings.platform.timing.clock import new_id
from tidings.users.errors import (
    AccountExists,
    AddressNotVerified,
    AlreadyAdmin,
    SessionEnded,
    UserNotFound,
    WrongCredentials,
)
from tidings.users.models import User
from tidings.users.operations import delete_account
from tidings.users.password_reset import reset_password
from tidings.users.registration import create_admin, register_user, verify_email
from tidings.users.roles import promote_to_admin, set_user_role
from tidings.users.schemas import (
    PromoteToAdmin,
    RefreshSession,
    ResetPassword,
    Session,
    SetUserRole,
    UserView,
    VerifyEmail,
)
from tidings.users.sessions import refresh_session

pytestmark = pytest.mark.usefixtures("keys")

ADMIN = a_person(Role.ADMIN)
OTHER_PASSWORD = "another long passphrase"


def verified(email: str | None = None) -> User:
    user = registered(email=email)
    proof = {"email": user.email, "code": verification_code(user), "password": PASSWORD}
    verify_email(VerifyEmail.model_validate(proof))
    return account(user.email)


def promote(email: str) -> UserView:
    return promote_to_admin(PromoteToAdmin(email=email))


def give(user: User, role: Role) -> UserView:
    return set_user_role(user.id, SetUserRole.model_validate({"role": role}), caller=ADMIN)


def assert_ended(session: Session) -> None:
    with pytest.raises(Unauthenticated):
        admit(verify_access_token(session.access_token))
    with pytest.raises(SessionEnded):
        refresh_session(RefreshSession.model_validate({"refresh_token": session.refresh_token}))


def announced_roles() -> list[tuple[str, str]]:
    events = [each for each in stored_events() if each["type"] == "user.role_changed"]
    return [(each["subject"], each["data"]["role"]) for each in events]


# ------------------------------------------------ an administrator for an address with an account


def test_unverified_account_does_not_become_an_administrators() -> None:
    email = an_address()
    register_user(new(email, password=OTHER_PASSWORD, name="Stranger"))
    session = sign_in(email, OTHER_PASSWORD)
    with pytest.raises(AddressNotVerified):
        create_admin(new(email))
    with pytest.raises(AddressNotVerified):
        promote(email)
    assert account(email).role == Role.CUSTOMER
    assert refreshed(session).user.role is Role.CUSTOMER
    assert announced_roles() == []


def refreshed(session: Session) -> Session:
    presented = RefreshSession.model_validate({"refresh_token": session.refresh_token})
    return refresh_session(presented)


def test_account_is_not_promoted_without_a_request() -> None:
    user = verified()
    session = sign_in(user.email)
    with pytest.raises(AccountExists):
        create_admin(new(user.email, password=OTHER_PASSWORD, name="Eve"))
    left = account(user.email)
    assert (left.role, left.name, left.password_hash) == (
        Role.CUSTOMER,
        user.name,
        user.password_hash,
    )
    assert refreshed(session).user.role is Role.CUSTOMER
    with pytest.raises(WrongCredentials):
        sign_in(user.email, OTHER_PASSWORD)


@pytest.mark.parametrize("spelling", [str.upper, str.title], ids=["upper", "title"])
def test_another_spelling_of_the_address_is_the_same_account(
    spelling: Callable[[str], str],
) -> None:
    user = verified()
    with pytest.raises(AccountExists):
        create_admin(new(spelling(user.email)))
    assert User.objects.count() == 1


def test_a_second_administrator_of_an_address_is_refused_and_changes_nothing() -> None:
    email = an_address()
    create_admin(new(email))
    session = sign_in(email)
    with pytest.raises(AlreadyAdmin):
        create_admin(new(email, OTHER_PASSWORD))
    with pytest.raises(AlreadyAdmin):
        promote(email)
    admit(verify_access_token(session.access_token))
    assert sign_in(email, PASSWORD).user.role is Role.ADMIN
    assert announced_roles() == []


def test_concurrent_creations_make_one_administrator() -> None:
    email = an_address()

    def make() -> str:
        try:
            return create_admin(new(email)).id
        except AlreadyAdmin:
            return "refused"

    made = at_once([make] * 4)
    assert made.count("refused") == 3
    assert User.objects(email=email).count() == 1
    assert sign_in(email).user.role is Role.ADMIN


def test_concurrent_registration_leaves_one_account() -> None:
    """In either order, the registrant is no administrator and the administrator no customer."""
    email = an_address()

    def make() -> str:
        try:
            create_admin(new(email))
        except RuleRefused as refusal:
            return type(refusal).__name__
        return "made"

    def register() -> str:
        register_user(new(email, password=OTHER_PASSWORD))
        return "registered"

    outcomes = at_once([make, register])
    user = account(email)
    first_is_admin = "made" in outcomes
    assert (user.role == Role.ADMIN) == user.email_verified == first_is_admin
    password = PASSWORD if first_is_admin else OTHER_PASSWORD
    assert sign_in(email, password).user.role == user.role


def test_address_of_a_deleted_account_can_be_used_again() -> None:
    user = verified()
    delete_account(user.id, caller=as_principal(user))
    assert create_admin(new(user.email)).id != user.id
    assert User.objects.get(pk=user.id).role == Role.CUSTOMER


# ----------------------------------------------------------------------------------- promotion


@pytest.mark.parametrize("before", [Role.CUSTOMER, Role.OPERATOR])
def test_a_verified_person_is_promoted_and_signs_in_again_with_their_password(before: Role) -> None:
    user = verified()
    User.objects(pk=user.id).update_one(set__role=before.value)
    sessions = [sign_in(user.email), sign_in(user.email)]
    view = promote(user.email)
    assert (view.id, view.role) == (user.id, Role.ADMIN)
    for session in sessions:
        assert_ended(session)
    again = verify_access_token(sign_in(user.email).access_token)
    assert again.role is Role.ADMIN


def test_owner_of_the_mailbox_is_notified_of_a_promotion() -> None:
    user = verified()
    promote(user.email)
    assert event_of(user, "user.role_changed")["data"] == {"user_id": user.id, "role": "admin"}


def test_person_is_promoted_and_notified_once() -> None:
    user = verified()

    def try_it() -> str:
        try:
            return promote(user.email).role
        except AlreadyAdmin:
            return "refused"

    outcomes = at_once([try_it] * 4)
    assert set(outcomes) <= {"admin", "refused"}
    assert announced_roles() == [(user.id, "admin")]


def test_an_address_without_an_account_is_not_promoted() -> None:
    with pytest.raises(UserNotFound):
        promote(an_address())
    assert User.objects.count() == 0


def test_a_deleted_account_is_not_promoted() -> None:
    user = verified()
    delete_account(user.id, caller=as_principal(user))
    with pytest.raises(UserNotFound):
        promote(user.email)


def test_owner_takes_the_address_over_and_is_promoted() -> None:
    """The registrant's account does not keep the address, because its owner resets the password."""
    email = an_address()
    stranger = registered(email=email)
    session = sign_in(email)
    reset = {"email": email, "code": reset_code(stranger), "password": OTHER_PASSWORD}
    reset_password(ResetPassword.model_validate(reset))
    assert promote(email).role is Role.ADMIN
    assert_ended(session)
    with pytest.raises(WrongCredentials):
        sign_in(email, PASSWORD)
    assert sign_in(email, OTHER_PASSWORD).user.role is Role.ADMIN


# -------------------------------------------------------------------------- roles by the API


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_unverified_account_gets_no_higher_role(role: Role) -> None:
    user = registered()
    session = sign_in(user.email)
    with pytest.raises(AddressNotVerified):
        give(user, role)
    assert account(user.email).role == Role.CUSTOMER
    admit(verify_access_token(session.access_token))
    assert announced_roles() == []


def test_role_can_be_taken_from_an_unverified_account() -> None:
    user = registered()
    User.objects(pk=user.id).update_one(set__role="operator")
    assert give(user, Role.CUSTOMER).role is Role.CUSTOMER


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_person_is_notified_of_a_new_role_and_of_its_end(role: Role) -> None:
    user = verified()
    give(user, role)
    give(user, Role.CUSTOMER)
    assert announced_roles() == [(user.id, role.value), (user.id, "customer")]


def test_same_role_again_notifies_nobody_and_ends_sessions() -> None:
    user = verified()
    session = sign_in(user.email)
    assert give(user, Role.CUSTOMER).role is Role.CUSTOMER
    assert announced_roles() == []
    assert_ended(session)
    assert sign_in(user.email).user.role is Role.CUSTOMER


def test_the_role_of_an_unknown_account_is_not_set() -> None:
    with pytest.raises(UserNotFound):
        set_user_role(new_id(), SetUserRole(role=Role.CUSTOMER), caller=ADMIN)
    assert User.objects.count() == 0
