"""Profiles, roles, deletion, and the list of accounts."""

from typing import get_args

import pytest

from tests.integration.builders import PASSWORD, a_person, an_address, at_once
from tests.integration.users.people import (
    account,
    as_principal,
    mark_verified,
    new,
    registered,
    sign_in,
    stored_events,
)
from tidings.platform.errors import Forbidden, Unauthenticated
from tidings.platform.security import store
from tidings.platform.security.admission import admit
from tidings.platform.security.auth import PersonRole, Principal, Role, verify_access_token
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id
from tidings.users.errors import OwnRole, SessionEnded, UserNotFound, WrongCredentials
from tidings.users.models import PushToken, User
from tidings.users.operations import delete_account, update_profile
from tidings.users.push_tokens import register_push_token
from tidings.users.queries import get_user, get_users, get_users_by_id
from tidings.users.registration import register_user
from tidings.users.roles import set_user_role
from tidings.users.schemas import (
    RefreshSession,
    RegisterPushToken,
    SetUserRole,
    UpdateProfile,
    UserFilter,
)
from tidings.users.sessions import refresh_session

pytestmark = pytest.mark.usefixtures("keys")

OPERATOR = a_person(Role.OPERATOR)
ADMIN = a_person(Role.ADMIN)
EVERYBODY = PageRequest.model_validate({"limit": 100})


def names(caller: Principal = OPERATOR, **where: object) -> list[str]:
    page = get_users(UserFilter.model_validate(where), EVERYBODY, caller=caller)
    return [user.name for user in page.items]


# -------------------------------------------------------------------- the profile


def test_person_changes_their_name() -> None:
    user = registered("Ada")
    view = update_profile(user.id, UpdateProfile(name="Countess"), caller=as_principal(user))
    assert view.name == account(user.email).name == "Countess"


def test_missing_fields_stay() -> None:
    user = registered("Ada")
    assert update_profile(user.id, UpdateProfile(), caller=as_principal(user)).name == "Ada"


@pytest.mark.parametrize("caller", [a_person(), OPERATOR, ADMIN], ids=lambda each: each.role)
def test_profile_is_changed_by_its_owner_only(caller: Principal) -> None:
    user = registered("Ada")
    with pytest.raises(Forbidden):
        update_profile(user.id, UpdateProfile(name="Eve"), caller=caller)
    assert account(user.email).name == "Ada"


# ---------------------------------------------------------------------- the roles


def test_new_operator_has_to_sign_in_again() -> None:
    user = registered()
    mark_verified(user)
    session = sign_in(user.email)
    view = set_user_role(user.id, SetUserRole(role=Role.OPERATOR), caller=ADMIN)
    assert view.role is Role.OPERATOR
    with pytest.raises(Unauthenticated):
        admit(verify_access_token(session.access_token))
    with pytest.raises(SessionEnded):
        refresh_session(RefreshSession.model_validate({"refresh_token": session.refresh_token}))
    again = verify_access_token(sign_in(user.email).access_token)
    assert again.role is Role.OPERATOR
    admit(again)


@pytest.mark.parametrize("caller", [a_person(), OPERATOR], ids=lambda each: each.role)
def test_role_is_set_by_administrators_only(caller: Principal) -> None:
    user = registered()
    with pytest.raises(Forbidden):
        set_user_role(user.id, SetUserRole(role=Role.ADMIN), caller=caller)
    assert account(user.email).role == "customer"


def test_own_role_cannot_be_set() -> None:
    user = registered()
    User.objects(pk=user.id).update_one(set__role="admin")
    for role in get_args(PersonRole):
        with pytest.raises(OwnRole):
            set_user_role(user.id, SetUserRole(role=role), caller=as_principal(account(user.email)))
    assert account(user.email).role == "admin"


def test_role_of_an_unknown_account_is_not_set() -> None:
    with pytest.raises(UserNotFound):
        set_user_role(new_id(), SetUserRole(role=Role.ADMIN), caller=ADMIN)


# ------------------------------------------------------------------------ deletion


def test_deleted_account_has_no_data_of_the_person() -> None:
    user = registered("Ada Lovelace")
    caller = as_principal(user)
    token = RegisterPushToken.model_validate({"platform": "ios", "token": "secret-token"})
    register_push_token(user.id, token, caller=caller)
    delete_account(user.id, caller=caller)
    left = str(User.objects.get(pk=user.id).to_mongo())
    for personal in (user.email, user.email.partition("@")[0], "Ada", "argon2", "code"):
        assert personal not in left
    assert PushToken.objects.count() == 0
    assert [each["type"] for each in stored_events()] == ["user.deleted"]
    assert not list(store.client().scan_iter(store.key("code", "*")))


def test_deleted_person_is_signed_out_and_cannot_sign_in() -> None:
    user = registered()
    session = sign_in(user.email)
    delete_account(user.id, caller=as_principal(user))
    with pytest.raises(Unauthenticated):
        admit(verify_access_token(session.access_token))
    with pytest.raises(SessionEnded):
        refresh_session(RefreshSession.model_validate({"refresh_token": session.refresh_token}))
    with pytest.raises(WrongCredentials):
        sign_in(user.email)
    with pytest.raises(WrongCredentials):
        sign_in(f"{user.id}@deleted.invalid".replace(".invalid", ".example.com"), "-")


def test_deleted_account_is_not_found() -> None:
    user = registered()
    delete_account(user.id, caller=as_principal(user))
    for caller in (as_principal(user), OPERATOR):
        with pytest.raises(UserNotFound):
            get_user(user.id, caller=caller)
    assert names() == []
    assert get_users_by_id([user.id], caller=OPERATOR) == {}
    for change in (
        lambda: update_profile(user.id, UpdateProfile(name="Eve"), caller=as_principal(user)),
        lambda: set_user_role(user.id, SetUserRole(role=Role.ADMIN), caller=ADMIN),
        lambda: delete_account(user.id, caller=as_principal(user)),
    ):
        with pytest.raises(UserNotFound):
            change()


def test_address_of_a_deleted_account_can_be_used_again() -> None:
    user = registered()
    delete_account(user.id, caller=as_principal(user))
    register_user(new(user.email))
    assert sign_in(user.email, PASSWORD).user.id != user.id


@pytest.mark.parametrize("caller", [a_person(), OPERATOR], ids=lambda each: each.role)
def test_account_of_another_is_deleted_by_administrators_only(caller: Principal) -> None:
    user = registered()
    with pytest.raises(Forbidden):
        delete_account(user.id, caller=caller)
    assert sign_in(user.email)
    delete_account(user.id, caller=ADMIN)
    assert User.objects(deleted_at=None).count() == 0


@pytest.mark.parametrize("user_id", ["", "x\x00y", "\u202e", "x" * 60_000], ids=ascii)
def test_malformed_id_is_not_found(user_id: str) -> None:
    with pytest.raises(UserNotFound):
        delete_account(user_id, caller=a_person(Role.ADMIN))


def test_concurrent_deletions_delete_once() -> None:
    user = registered()

    def attempt() -> bool:
        try:
            delete_account(user.id, caller=as_principal(user))
        except UserNotFound:
            return False
        return True

    assert sum(at_once([attempt] * 4)) == 1


# ------------------------------------------------------------------------ the list


def test_operators_list_all_accounts_newest_first() -> None:
    for name in ("Ada", "Grace", "Edsger"):
        registered(name)
    assert names() == ["Edsger", "Grace", "Ada"]
    assert names(ADMIN) == names()


def test_customers_cannot_list_accounts() -> None:
    registered()
    with pytest.raises(Forbidden):
        names(a_person())


def test_list_is_searched_by_name_and_address_in_any_case() -> None:
    registered("Ada Lovelace", "first@example.com")
    registered("Grace Hopper", "second@example.org")
    assert names(search="LOVE") == ["Ada Lovelace"]
    assert names(search="example.ORG") == ["Grace Hopper"]
    assert names(search="nobody") == []


def test_names_are_found_in_every_script_and_follow_a_change() -> None:
    user = registered("Łukasz Żółć", "first@example.com")
    registered("दूध", "second@example.com")
    assert names(search="zolc") == names(search="ŁUKASZ") == ["Łukasz Żółć"]
    assert names(search="दध") == []
    update_profile(user.id, UpdateProfile(name="はな"), caller=as_principal(user))
    assert names(search="zolc") == []
    assert names(search="ハナ") == ["はな"]


def test_name_of_an_earlier_version_is_found() -> None:
    user = registered("Zoë", "first@example.com")
    User.objects(pk=user.id).update_one(unset__name_key=True)
    assert names(search="ZOË") == ["Zoë"]
    assert names(search="zoe") == []


@pytest.mark.parametrize("pattern", [".*", "^A", "a|b", "(", "[a-z]+", "\\", "$where", "{$gt:''}"])
def test_search_accepts_no_patterns(pattern: str) -> None:
    registered("Ada", "first@example.com")
    assert names(search=pattern) == []


def test_list_is_filtered_by_role_and_verification() -> None:
    registered("Ada")
    other = registered("Grace")
    User.objects(pk=other.id).update_one(set__role="operator", set__verified_at=other.created_at)
    assert names(role="operator") == names(verified=True) == ["Grace"]
    assert names(role="customer") == names(verified=False) == ["Ada"]
    assert names(role="customer", verified=True) == []
    assert names(search="a", role="operator", verified=True) == ["Grace"]


def test_list_is_paginated() -> None:
    for number in range(5):
        registered(f"Person {number}", an_address())
    first = get_users(UserFilter(), PageRequest.model_validate({"limit": 2}), caller=OPERATOR)
    after = PageRequest.model_validate({"limit": 2, "after": first.cursors[-1]})
    second = get_users(UserFilter(), after, caller=OPERATOR)
    assert [user.name for user in (*first.items, *second.items)] == [
        f"Person {number}" for number in (4, 3, 2, 1)
    ]
    assert (first.total, first.has_next, second.has_next) == (5, True, True)


def test_concurrent_readers_get_their_own_accounts() -> None:
    one, other = registered("Ada"), registered("Grace")
    wanted = [one.id, other.id, new_id()]
    assert set(get_users_by_id(wanted, caller=OPERATOR)) == {one.id, other.id}
    assert set(get_users_by_id(wanted, caller=as_principal(one))) == {one.id}
