"""Links in mails that unsubscribe from a category without signing in (RFC 8058)."""

from typing import Any

import pytest
from delivery import get_unsubscribe_page
from delivery import unsubscribe as unsubscribe_function

from tests.integration.builders import CONTEXT, at_once
from tests.integration.users.people import as_principal, registered, stored_events
from tests.unit.platform.builders import api_event
from tidings.delivery.models import Unsubscription
from tidings.delivery.unsubscribe import unsubscribed
from tidings.delivery.unsubscribe_links import unsubscribe_url
from tidings.platform.settings import settings
from tidings.platform.timing.clock import new_id
from tidings.users.models import User
from tidings.users.operations import delete_account, update_user_preferences
from tidings.users.preferences import Preferences, UpdatePreferences
from tidings.users.queries import get_user

ONE_CLICK = "List-Unsubscribe=One-Click"


def a_link(user: User, category: Any = "orders", notification_id: str | None = None) -> str:
    """Return the token of a link."""
    url = unsubscribe_url(user.id, category, notification_id or new_id())
    assert url.startswith(f"{settings().public_url}/api/v1/unsubscribe/")
    return url.rpartition("/")[2]


def call(handler: Any, token: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = handler(api_event(pathParameters={"token": token}, **more), CONTEXT)
    return answer


def look(token: str) -> dict[str, Any]:
    return call(get_unsubscribe_page.handler, token)


def post(token: str, **more: Any) -> dict[str, Any]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return call(
        unsubscribe_function.handler, token, **({"body": ONE_CLICK, "headers": headers} | more)
    )


def preferences_of(user: User) -> Preferences:
    return get_user(user.id, caller=as_principal(user)).preferences


def test_one_click_ends_mail_of_its_category_only() -> None:
    user, notification_id = registered(), new_id()
    before = preferences_of(user)
    answer = post(a_link(user, "orders", notification_id))
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (
        200,
        "text/html; charset=utf-8",
    )
    after = preferences_of(user)
    assert after.orders == before.orders.model_copy(update={"email": False})
    assert after.model_copy(update={"orders": before.orders}) == before
    assert unsubscribed([notification_id, new_id()]) == {notification_id}


def test_opening_the_link_changes_nothing() -> None:
    user = registered()
    page = look(a_link(user))
    assert page["statusCode"] == 200
    assert "<form" in page["body"]
    assert 'name="List-Unsubscribe" value="One-Click"' in page["body"]
    assert preferences_of(user) == Preferences()
    assert Unsubscription.objects.count() == 0


def test_repeated_or_concurrent_clicks_change_nothing_more() -> None:
    user = registered()
    token = a_link(user)
    post(token)
    assert {each["statusCode"] for each in at_once([lambda: post(token)] * 4)} == {200}
    changed = [e for e in stored_events() if e["type"] == "user.preferences_updated"]
    assert len(changed) <= 1  # published events have left the outbox
    assert Unsubscription.objects.count() == 1


def test_old_link_works_again_after_the_preference_was_restored() -> None:
    user = registered()
    token = a_link(user)
    post(token)
    on = UpdatePreferences.model_validate({"orders": {"email": True}})
    update_user_preferences(user.id, on, caller=as_principal(user))
    post(token)
    assert preferences_of(user).orders.email is False


def test_mail_programs_may_send_other_forms_and_an_old_token_is_ignored() -> None:
    user = registered()
    boundary = 'multipart/form-data; boundary="x"'
    sent = {"Content-Type": boundary, "Authorization": "Bearer expired"}
    assert post(a_link(user), body="--x\r\n...", headers=sent)["statusCode"] == 200
    assert post(a_link(user), body=None)["statusCode"] == 200


@pytest.mark.parametrize("place", range(4))
def test_changed_link_is_refused(place: int) -> None:
    user, other = registered(), registered()
    parts = a_link(user, "orders").split(".")
    parts[place] = [other.id, "stock", new_id(), "A" * 24][place]
    for answer in (look(".".join(parts)), post(".".join(parts))):
        assert answer["statusCode"] == 404
    assert preferences_of(user) == preferences_of(other) == Preferences()
    assert Unsubscription.objects.count() == 0


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c.d", "../../etc", "<script>", "$gt", "a" * 5_000, "\x00", "ä.ö.ü.ß"]
)
def test_malformed_link_is_not_found_and_not_repeated(token: str) -> None:
    for answer in (look(token), post(token)):
        assert answer["statusCode"] == 404
        assert "<script>" not in answer["body"]


def test_link_of_a_deleted_account_is_refused() -> None:
    user = registered()
    token = a_link(user)
    delete_account(user.id, caller=as_principal(user))
    assert post(token)["statusCode"] == 404
    assert Unsubscription.objects.count() == 0


def test_mails_of_the_category_account_have_no_link() -> None:
    with pytest.raises(ValueError, match="account"):
        unsubscribe_url(new_id(), "account", new_id())


def test_address_of_the_page_is_not_leaked() -> None:
    headers = look(a_link(registered()))["headers"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Correlation-Id"]
