"""People's own accounts are kept by each environment, and never older than their last change."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.builders import a_person, a_redis_that_is_away, at_once
from tests.integration.users.pauses import Pause, during
from tests.integration.users.people import (
    as_principal,
    mark_verified,
    registered,
    reset_code,
    sign_in,
    verification_code,
)
from tidings.delivery.unsubscribe import unsubscribe
from tidings.delivery.unsubscribe_links import unsubscribe_url
from tidings.platform.errors import Unauthenticated
from tidings.platform.security import account_generations, store
from tidings.platform.security.admission import admit
from tidings.platform.security.auth import Principal, Role, verify_access_token
from tidings.platform.storage.resting import Resting
from tidings.platform.timing.clock import new_id
from tidings.users import kept_accounts, persons, queries
from tidings.users.errors import UserNotFound
from tidings.users.models import User
from tidings.users.operations import delete_account, update_profile, update_user_preferences
from tidings.users.password_reset import reset_password
from tidings.users.preferences import UpdatePreferences
from tidings.users.queries import get_user
from tidings.users.registration import verify_email
from tidings.users.roles import set_user_role
from tidings.users.schemas import ResetPassword, SetUserRole, UpdateProfile, UserView, VerifyEmail

pytestmark = pytest.mark.usefixtures("keys")

ADMIN = a_person(Role.ADMIN)
Change = Callable[[User], object]


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    kept_accounts._kept.clear()
    yield
    Resting.wake_all()


@pytest.fixture
def user() -> User:
    return registered("Ada")


def me(user: User) -> UserView:
    """Return a person's account as a call of theirs gets it."""
    caller = admit(as_principal(user))
    return get_user(caller.user_id, caller=caller)


def rename(user: User, name: str = "Countess") -> UserView:
    return update_profile(user.id, UpdateProfile(name=name), caller=as_principal(user))


def prefer(user: User, language: str = "de") -> UserView:
    wanted = UpdatePreferences.model_validate({"language": language})
    return update_user_preferences(user.id, wanted, caller=as_principal(user))


def end_mails(user: User) -> object:
    return unsubscribe(unsubscribe_url(user.id, "orders", new_id()).rpartition("/")[2])


def verify(user: User) -> object:
    proof = {"email": user.email, "code": verification_code(user), "password": "correct horse 1"}
    return verify_email(VerifyEmail.model_validate(proof))


def take_over(user: User) -> object:
    wanted = {"email": user.email, "code": reset_code(user), "password": "an owner's passphrase"}
    return reset_password(ResetPassword.model_validate(wanted))


def promote(user: User) -> object:
    mark_verified(user)
    return set_user_role(user.id, SetUserRole(role=Role.OPERATOR), caller=ADMIN)


CHANGES: dict[str, Change] = {
    "name": rename,
    "preferences": prefer,
    "unsubscribed": end_mails,
    "verified": verify,
    "taken over": take_over,
    "role": promote,
}


def test_second_call_sends_no_command_to_mongodb(user: User, commands: list[str]) -> None:
    caller = admit(as_principal(user))
    first = get_user(user.id, caller=caller)
    assert commands == ["find"]
    assert [me(user) for _ in range(3)] == [first] * 3
    assert commands == ["find"]


def test_call_sends_one_command_to_redis(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    me(user)
    sent: list[Any] = []
    stock: Any = store.client().execute_command

    def noted(_: Any, *parts: Any, **options: Any) -> Any:
        sent.append(parts[0])
        return stock(*parts, **options)

    monkeypatch.setattr(type(store.client()), "execute_command", noted)
    me(user)
    assert sent == ["EVAL"]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_next_call_shows_each_change(change: Change, user: User) -> None:
    before = me(user)
    change(user)
    after = me(user)
    assert after == queries._view(user.id, None)
    assert after != before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_next_call_in_another_environment_shows_each_change(change: Change, user: User) -> None:
    before = me(user)
    there = dict(kept_accounts._kept)
    change(user)
    kept_accounts._kept.update(there)  # as an environment that did not make the change
    assert me(user) == queries._view(user.id, None) != before


def test_deleted_person_is_not_found_and_leaves_nothing_in_redis(user: User) -> None:
    session = sign_in(user.email)
    token = verify_access_token(session.access_token)
    caller = admit(token)
    get_user(user.id, caller=caller)
    there = dict(kept_accounts._kept)
    delete_account(user.id, caller=caller)
    assert kept_accounts._kept == {}
    kept_accounts._kept.update(there)
    with pytest.raises(Unauthenticated):
        admit(token)
    with pytest.raises(UserNotFound):
        me(user)
    values = [
        store.client().get(key) or ""
        for key in store.client().scan_iter(store.key("account-generation", "*"))
    ]
    assert not any(user.id in each or user.email in each for each in values)


def test_nobody_gets_the_account_of_another(user: User) -> None:
    other = registered("Grace")
    mine, theirs = me(user), me(other)
    assert (mine.id, theirs.id) == (user.id, other.id)
    same = admit(as_principal(user)).account_generation
    forged = as_principal(other).model_copy(update={"account_generation": same})
    assert get_user(other.id, caller=forged).id == other.id
    assert me(user) == mine


def test_operators_read_accounts_of_others_from_mongodb(user: User, commands: list[str]) -> None:
    operator = admit(a_person(Role.OPERATOR))
    me(user)
    commands.clear()
    for name in ("Countess", "Lady"):
        User.objects(pk=user.id).update_one(set__name=name)
        assert get_user(user.id, caller=operator).name == name
    assert commands.count("find") == 2


def test_caller_without_a_generation_reads_from_mongodb(user: User) -> None:
    me(user)
    User.objects(pk=user.id).update_one(set__name="Countess")
    assert get_user(user.id, caller=as_principal(user)).name == "Countess"


def test_account_that_was_read_during_a_change_is_not_used_after_it(user: User) -> None:
    caller = admit(as_principal(user))
    pause = Pause(persons, "_load", after=True)
    read = during(pause, lambda: get_user(user.id, caller=caller), lambda: rename(user))
    assert isinstance(read, UserView)
    assert read.name == "Ada"
    assert me(user).name == "Countess"


def test_calls_during_a_change_keep_nothing(user: User) -> None:
    me(user)
    caller = as_principal(user)
    with kept_accounts.changing(user.id):
        assert admit(caller).account_generation is None
        assert me(user).name == "Ada"
        assert kept_accounts._kept.keys() == {user.id}, "kept before, and valid no more"
        User.objects(pk=user.id).update_one(set__name="Countess")
        assert me(user).name == "Countess"
    assert kept_accounts._kept == {}
    assert me(user).name == "Countess"


def test_process_that_dies_after_the_write_leaves_no_old_account(user: User) -> None:
    me(user)
    there = dict(kept_accounts._kept)

    def die_after_the_write() -> None:
        with kept_accounts.changing(user.id):
            User.objects(pk=user.id).update_one(set__name="Countess")
            raise SystemExit

    with pytest.raises(SystemExit):
        die_after_the_write()
    kept_accounts._kept.update(there)
    assert me(user).name == "Countess"
    left = store.client().ttl(account_generations.generation_key(user.id))
    assert 0 < left <= account_generations.SECONDS


def test_changes_from_two_sides_at_once_are_seen_by_all(user: User) -> None:
    me(user)

    def change_and_look(number: int) -> Callable[[], bool]:
        def run() -> bool:
            name, language = f"Ada {number}", "de" if number % 2 else "fr"
            rename(user, name)
            prefer(user, language)
            return bool(me(user).id == user.id)

        return run

    assert all(at_once([change_and_look(number) for number in range(6)]))
    assert me(user) == queries._view(user.id, None)


def test_same_change_twice_is_seen(user: User) -> None:
    for _ in range(2):
        rename(user)
        assert me(user).name == "Countess"


def test_without_redis_accounts_are_read_from_mongodb(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    me(user)
    monkeypatch.setattr(store, "client", a_redis_that_is_away)
    assert rename(user).name == "Countess"
    assert me(user).name == "Countess"
    User.objects(pk=user.id).update_one(set__name="Lady")
    assert me(user).name == "Lady"


def test_change_without_redis_is_seen_after_a_generation_at_most(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    me(user)
    with monkeypatch.context() as patch:
        patch.setattr(store, "client", a_redis_that_is_away)
        rename(user)
    Resting.wake_all()
    assert me(user).name == "Countess", "this environment made the change"
    left = store.client().ttl(account_generations.generation_key(user.id))
    assert left <= account_generations.SECONDS


def test_environment_keeps_a_bounded_number_of_accounts_for_a_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_accounts, "MAX_KEPT", 3)
    people = [registered() for _ in range(5)]
    for each in people:
        me(each)
    assert list(kept_accounts._kept) == [each.id for each in people[2:]]
    later = time.monotonic() + account_generations.SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    me(people[0])
    assert list(kept_accounts._kept) == [people[0].id]


def test_services_are_admitted_as_before() -> None:
    service = Principal(user_id=new_id(), role=Role.SERVICE, session_id=new_id())
    assert admit(service).model_copy(update={"account_generation": None}) == service
