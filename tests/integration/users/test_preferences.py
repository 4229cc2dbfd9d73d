"""Tests of notification preferences and devices."""

from typing import Any

import pytest

from tests.integration.builders import a_person, at_once, graphql, token_of
from tests.integration.gateway.in_process import InProcessApi
from tests.integration.users.people import account, as_principal, registered, stored_events
from tidings.platform.errors import Forbidden
from tidings.platform.security.admission import admit
from tidings.platform.security.auth import Principal, Role
from tidings.users.errors import InboxAlwaysOn, PushTokenNotFound, TooManyPushTokens, UserNotFound
from tidings.users.models import PushToken, User
from tidings.users.newest_device import with_push_token
from tidings.users.operations import delete_account, update_user_preferences
from tidings.users.preferences import Digest, Preferences, UpdatePreferences
from tidings.users.push_tokens import (
    MAX_PER_PERSON,
    get_push_tokens,
    register_push_token,
    remove_push_token,
)
from tidings.users.queries import get_user
from tidings.users.schemas import PushTokenView, RegisterPushToken

pytestmark = pytest.mark.usefixtures("keys")

OTHERS = [a_person(), a_person(Role.OPERATOR), a_person(Role.ADMIN)]
UPDATE = """mutation($i: UpdatePreferencesInput!) { updateUserPreferences(input: $i) {
  preferences { promotions { inbox email push } quietHours { start end } timeZone digest }
} }"""


def update(user: User, **changed: Any) -> Preferences:
    wanted = UpdatePreferences.model_validate(changed)
    return update_user_preferences(user.id, wanted, caller=as_principal(user)).preferences


def preferences_of(user: User) -> Preferences:
    return get_user(user.id, caller=as_principal(user)).preferences


def events() -> list[dict[str, Any]]:
    return [e["data"] for e in stored_events() if e["type"] == "user.preferences_updated"]


# --------------------------------------------------------------------- preferences


def test_new_person_has_the_defaults() -> None:
    assert preferences_of(registered()) == Preferences()


def test_only_named_preferences_change() -> None:
    user = registered()
    changed = update(user, promotions={"email": True}, language="de", digest="daily")
    assert changed == preferences_of(user)
    assert changed.promotions.email is True
    assert changed.promotions.inbox is Preferences().promotions.inbox
    assert (changed.language, changed.digest) == ("de", Digest.DAILY)
    assert changed.orders == Preferences().orders
    again = update(user, promotions={"inbox": False})
    assert (again.promotions.email, again.promotions.inbox) == (True, False)


def test_quiet_hours_are_set_and_ended() -> None:
    user = registered()
    night = {"start": "22:00", "end": "07:00"}
    set_ = update(user, quiet_hours=night, time_zone="Europe/Berlin")
    assert set_.quiet_hours is not None
    assert set_.quiet_hours.model_dump() == night
    assert update(user, language="fr").quiet_hours == set_.quiet_hours
    assert update(user, quiet_hours=None).quiet_hours is None
    assert preferences_of(user).time_zone == "Europe/Berlin"


def test_change_is_announced_with_its_fields() -> None:
    user = registered()
    update(user, promotions={"email": True}, quiet_hours=None)
    assert events() == [{"user_id": user.id, "changed": ["promotions.email", "quiet_hours"]}]


def test_change_without_effect_announces_nothing() -> None:
    user = registered()
    assert update(user) == update(user, promotions=None) == Preferences()
    assert events() == []


def test_orders_cannot_be_switched_off_in_the_inbox() -> None:
    user = registered()
    with pytest.raises(InboxAlwaysOn) as refused:
        update(user, orders={"inbox": False, "email": False}, language="de")
    assert refused.value.field == "orders.inbox"
    assert preferences_of(user) == Preferences()
    assert events() == []
    assert update(user, orders={"email": False, "inbox": True}).orders.email is False


def test_concurrent_changes_are_all_kept() -> None:
    user = registered()
    kinds = ("promotions", "recommendations", "tasks", "stock")
    at_once([lambda kind=kind: update(user, **{kind: {"email": True}}) for kind in kinds])  # type: ignore[misc]
    kept = preferences_of(user)
    assert [getattr(kept, kind).email for kind in kinds] == [True] * 4


@pytest.mark.parametrize("caller", OTHERS, ids=lambda each: each.role)
def test_preferences_are_changed_by_their_owner_only(caller: Principal) -> None:
    user = registered()
    with pytest.raises(Forbidden):
        update_user_preferences(user.id, UpdatePreferences(language="de"), caller=caller)
    assert account(user.email).preferences == {}


def test_preferences_of_a_deleted_account_are_not_found() -> None:
    user = registered()
    delete_account(user.id, caller=as_principal(user))
    for changed in ({"language": "de"}, {}):
        with pytest.raises(UserNotFound):
            update(user, **changed)
    assert events() == []


def test_graphql_changes_the_callers_preferences() -> None:
    user = registered()
    changed = {
        "promotions": {"push": True},
        "quietHours": {"start": "22:00", "end": "07:00"},
        "timeZone": "Europe/Paris",
        "digest": "WEEKLY",
    }
    answer = graphql(UPDATE, token=token_of(as_principal(user)), i=changed).content
    assert answer["data"]["updateUserPreferences"]["preferences"] == {
        "promotions": {"inbox": True, "email": False, "push": True},
        "quietHours": {"start": "22:00", "end": "07:00"},
        "timeZone": "Europe/Paris",
        "digest": "WEEKLY",
    }
    refused = graphql(
        UPDATE, token=token_of(as_principal(user)), i={"timeZone": "Mars/Olympus"}
    ).errors[0]
    assert refused["extensions"] == {"code": "BAD_USER_INPUT", "field": "timeZone"}


def test_mail_is_switched_for_all_categories_at_once() -> None:
    user = registered()
    update(user, promotions={"email": True})
    off = update(user, email=False, push=True)
    assert (off.email, off.push) == (False, True)
    assert off.promotions.email is False
    on = update(user, email=True)
    assert (on.email, on.orders.email, on.promotions.email) == (True, True, False)
    assert events()[-1]["changed"] == ["orders.email", "stock.email"]


def test_switches_by_rest_are_as_in_the_designs() -> None:
    user = registered()
    api = InProcessApi(token_of(as_principal(user)), user.id)
    answer = api.rest("PUT", "/users/me/preferences", {"email": False, "push": True})
    assert answer.status == 200, answer.text
    shown = api.rest("GET", f"/users/{user.id}").json["data"]
    assert (shown["user_id"], shown["push_token"]) == (user.id, None)
    assert (shown["preferences"]["email"], shown["preferences"]["push"]) == (False, True)
    both = api.rest("PUT", "/users/me/preferences", {"email": True, "orders": {"email": True}})
    assert both.status == 422
    assert both.json["error"]["details"][0]["field"] == "email"


# --------------------------------------------------------------------- push tokens


def add(user: User, token: str = "token", **more: Any) -> PushTokenView:
    new = RegisterPushToken.model_validate({"platform": "ios", "token": token} | more)
    return register_push_token(user.id, new, caller=as_principal(user))


def devices(user: User) -> list[str | None]:
    return [each.device for each in get_push_tokens(user.id, caller=as_principal(user))]


def test_devices_are_listed_newest_first_without_their_tokens() -> None:
    user = registered()
    add(user, "one", device="phone")
    add(user, "two", device="tablet")
    assert devices(user) == ["tablet", "phone"]
    shown = get_push_tokens(user.id, caller=as_principal(user))
    assert "token" not in shown[0].model_dump()


def shown_token(user: User, caller: Principal | None = None) -> str | None:
    account = get_user(user.id, caller=caller or as_principal(user))
    return with_push_token(account).push_token


def test_account_shows_the_end_of_its_newest_token_only() -> None:
    user, long = registered(), "740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387"
    assert shown_token(user) is None
    first = add(user, long)
    assert shown_token(user) == shown_token(user, a_person(Role.OPERATOR)) == "****b387"
    second = add(user, "short")
    assert shown_token(user) == "****"
    remove_push_token(user.id, second.id, caller=as_principal(user))
    assert shown_token(user) == "****b387"
    remove_push_token(user.id, first.id, caller=as_principal(user))
    assert shown_token(user) is None


def test_account_that_is_kept_shows_a_new_device_at_once() -> None:
    user = registered()

    def shown() -> str | None:
        return shown_token(user, admit(as_principal(user)))

    assert shown() is None
    device = add(user, "x" * 40)
    assert shown() == shown() == "****xxxx"
    remove_push_token(user.id, device.id, caller=as_principal(user))
    assert shown() is None


def test_device_registered_again_is_stored_once() -> None:
    user = registered()
    ids = {view.id for view in at_once([lambda: add(user)] * 5)}
    assert add(user, device="phone").id in ids
    assert devices(user) == ["phone"]
    assert len(ids) == 1


def test_device_belongs_to_its_last_registrant() -> None:
    before, after = registered(), registered()
    add(before, device="shared")
    add(after, device="shared")
    assert (devices(before), devices(after)) == ([], ["shared"])


def test_device_is_removed_by_its_owner() -> None:
    user, other = registered(), registered()
    mine = add(user, device="phone")
    with pytest.raises(PushTokenNotFound):
        remove_push_token(other.id, mine.id, caller=as_principal(other))
    assert devices(user) == ["phone"]
    remove_push_token(user.id, mine.id, caller=as_principal(user))
    assert devices(user) == []
    with pytest.raises(PushTokenNotFound):
        remove_push_token(user.id, mine.id, caller=as_principal(user))


def test_devices_are_limited_and_a_known_one_may_be_registered_again() -> None:
    user = registered()
    for number in range(MAX_PER_PERSON):
        add(user, f"token-{number}")
    with pytest.raises(TooManyPushTokens):
        add(user, "one-more")
    add(user, "token-0")
    assert PushToken.objects.count() == MAX_PER_PERSON


@pytest.mark.parametrize("caller", OTHERS, ids=lambda each: each.role)
def test_devices_are_listed_for_their_owner_only(caller: Principal) -> None:
    user = registered()
    mine = add(user)
    new = RegisterPushToken.model_validate({"platform": "web", "token": "other"})
    with pytest.raises(Forbidden):
        register_push_token(user.id, new, caller=caller)
    with pytest.raises(Forbidden):
        remove_push_token(user.id, mine.id, caller=caller)
    assert PushToken.objects.count() == 1


def test_customers_do_not_see_the_devices_of_others() -> None:
    user = registered()
    add(user, device="phone")
    with pytest.raises(Forbidden):
        get_push_tokens(user.id, caller=a_person())
    assert len(get_push_tokens(user.id, caller=a_person(Role.OPERATOR))) == 1
