"""Copies of persons: current after each change, without secrets, gone with the person."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.builders import PASSWORD, a_redis_that_is_away, at_once, token_of
from tests.integration.users.pauses import Pause, during
from tests.integration.users.people import account, as_principal, mark_verified, registered
from tests.integration.users.test_kept_accounts import CHANGES, Change, me, prefer, rename
from tidings.monitoring.erasure import erase
from tidings.notifications.notifying import notify, notify_together
from tidings.platform.caching import cache
from tidings.platform.security.auth import Role
from tidings.platform.storage.resting import Resting
from tidings.users import kept_accounts, persons
from tidings.users.contact_points import SetContactPoints, set_contact_points
from tidings.users.contacts import Contact, get_contacts
from tidings.users.events import (
    UserDeleted,
    UserDeletedData,
    UserPreferencesUpdated,
    UserPreferencesUpdatedData,
)
from tidings.users.models import User
from tidings.users.operations import delete_account
from tidings.users.persons import Person

pytestmark = pytest.mark.usefixtures("keys")


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    kept_accounts._kept.clear()
    yield
    Resting.wake_all()


@pytest.fixture
def user() -> User:
    return registered("Ada")


def contact(user: User, *, may_be_kept: bool = True) -> Contact:
    return get_contacts([user.id], may_be_kept=may_be_kept)[user.id]


def copies() -> list[str]:
    keys = cache.client().scan_iter(cache.key("cache", "person", "*"))
    return [str(cache.client().get(key)) for key in keys]


def test_contacts_of_a_batch_are_read_once(commands: list[str]) -> None:
    people = [registered(f"Person {number}").id for number in range(3)]
    commands.clear()
    first = get_contacts(people, with_devices=False, may_be_kept=True)
    again = get_contacts(people, with_devices=False, may_be_kept=True)
    assert commands == ["find"]
    assert first == again == get_contacts(people, with_devices=False)


def set_phone(user: User) -> object:
    wanted = SetContactPoints.model_validate({"phone": "+4930123456"})
    return set_contact_points(user.id, wanted, caller=as_principal(user))


ALL: dict[str, Change] = {**CHANGES, "phone": set_phone}


@pytest.mark.parametrize("change", ALL.values(), ids=ALL)
def test_next_reader_sees_each_change(change: Change, user: User) -> None:
    before = contact(user)
    change(user)
    after = contact(user)
    assert after == contact(user, may_be_kept=False)
    # A contact has no role.
    assert after != before or change is CHANGES["role"]


def test_person_that_was_read_during_a_change_is_not_kept(user: User) -> None:
    pause = Pause(persons, "_load", after=True)
    read = during(pause, lambda: contact(user), lambda: rename(user))
    assert isinstance(read, Contact)
    assert read.name == "Ada"
    assert contact(user).name == "Countess"


def test_own_account_is_never_the_copy_of_a_former_generation(user: User) -> None:
    assert contact(user).name == "Ada"
    User.objects(pk=user.id).update_one(set__name="Countess")  # by a process that died
    assert contact(user).name == "Ada", "until the copy ends, or the event comes"
    assert me(user).name == "Countess", "the copy was not made for this call's generation"


def test_own_account_is_shared_by_environments(user: User, commands: list[str]) -> None:
    first = me(user)
    kept_accounts._kept.clear()  # another environment
    commands.clear()
    assert me(user) == first
    assert commands == []


def test_copies_have_no_secret(user: User) -> None:
    stored = User._get_collection().find_one({"_id": user.id})
    assert stored is not None
    token = token_of(as_principal(user))
    contact(user)
    me(user)
    (copy,) = [each for each in copies() if user.email in each]
    for secret in (stored["password_hash"], PASSWORD, token, "security_version", "phone_check"):
        assert secret not in copy


def test_nobody_gets_the_data_of_another() -> None:
    users = [registered(f"Person {number}") for number in range(4)]

    def look(user: User) -> Callable[[], bool]:
        def run() -> bool:
            found = contact(user)
            return (found.user_id, found.email, found.name) == (user.id, user.email, user.name)

        return run

    assert all(at_once([look(user) for user in users * 4]))
    assert [me(user).id for user in users] == [user.id for user in users]


def stale(user: User) -> None:
    """Leave an old copy, as a process that was killed right after its write."""
    contact(user)
    User.objects(pk=user.id).update_one(set__preferences={"language": "de"})
    assert contact(user).preferences.language == "en"


@pytest.mark.parametrize("changed", ["language", "tracking"])
def test_event_clears_the_copy(user: User, changed: str) -> None:
    stale(user)
    data = UserPreferencesUpdatedData(user_id=user.id, changed=[changed])
    event = UserPreferencesUpdated(subject=user.id, data=data)
    for left in notify_together([event]):
        notify(left)
    assert contact(user).preferences.language == "de"


def test_deleted_person_leaves_no_copy(user: User) -> None:
    contact(user)
    me(user)
    delete_account(user.id, caller=as_principal(user))
    assert not any(user.email in each or user.id in each for each in copies())
    assert get_contacts([user.id], may_be_kept=True) == {}


def test_erasure_clears_a_copy_that_was_left(user: User) -> None:
    contact(user)
    User.objects(pk=user.id).update_one(set__deleted_at=user.created_at)
    event = UserDeleted(subject=user.id, data=UserDeletedData(user_id=user.id))
    erase(event)
    for left in notify_together([event]):
        notify(left)
    assert not any(user.email in each for each in copies())


def test_code_goes_to_the_account_itself(user: User) -> None:
    """Copies do not have the check of the last request for a code."""
    User.objects(pk=user.id).update_one(set__phone_check="check-1")
    assert contact(user).phone_check is None
    assert contact(user, may_be_kept=False).phone_check == "check-1"


def test_without_redis_persons_are_read_from_mongodb(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact(user)
    monkeypatch.setattr(cache, "client", a_redis_that_is_away)
    prefer(user)
    for _ in range(2):
        assert contact(user).preferences.language == "de"


def test_accounts_of_earlier_releases_can_be_kept(user: User) -> None:
    gone: dict[str, Any] = dict.fromkeys(("preferences", "name_key", "security_version"), "")
    User._get_collection().update_one({"_id": user.id}, {"$unset": gone})
    assert contact(user) == contact(user)
    assert me(user).preferences.language == "en"


def test_copy_of_a_role_is_the_current_one(user: User) -> None:
    mark_verified(user)
    assert me(user).role == Role.CUSTOMER
    CHANGES["role"](user)
    assert me(account(user.email)).role == Role.OPERATOR
    assert isinstance(persons.persons([user.id])[user.id], Person)
