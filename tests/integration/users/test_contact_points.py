"""Phones and webhooks, and the contacts that other domains read."""

import json

import pytest
from pydantic import ValidationError
from users.set_contact_points import handler

from tests.integration.builders import CONTEXT, a_person, at_once, token_of
from tests.integration.users.people import as_principal, registered
from tests.unit.platform.builders import answer_of, api_event
from tidings.platform.errors import Forbidden
from tidings.platform.security.auth import Principal, Role
from tidings.users.contact_points import ContactPoints, SetContactPoints, set_contact_points
from tidings.users.contacts import get_contacts
from tidings.users.errors import UncallableUrl, UserNotFound
from tidings.users.models import User
from tidings.users.operations import delete_account
from tidings.users.push_tokens import forget_push_token, register_push_token
from tidings.users.schemas import RegisterPushToken

pytestmark = pytest.mark.usefixtures("keys")
URL = "https://hooks.example.com/tidings"


def put(user: User, **wanted: str | None) -> ContactPoints:
    content = SetContactPoints.model_validate(wanted)
    return set_contact_points(user.id, content, caller=as_principal(user))


def test_secret_is_shown_once_and_changes_with_the_url() -> None:
    user = registered()
    first = put(user, webhook_url=URL, phone="+491701234567")
    again = put(user, webhook_url=URL)
    other = put(user, webhook_url=f"{URL}/2")
    assert (first.webhook_secret or "").startswith("whsec_")
    assert again.webhook_secret is None
    assert other.webhook_secret not in {None, first.webhook_secret}
    assert (first.phone, again.phone) == ("+491701234567", None)


def test_secret_is_not_in_the_database() -> None:
    user = registered()
    secret = put(user, webhook_url=URL).webhook_secret
    assert secret is not None
    assert secret not in json.dumps(User.objects.get().to_mongo().to_dict(), default=str)


def test_concurrent_changes_leave_one_complete() -> None:
    user = registered()
    urls = [f"{URL}/{number}" for number in range(4)]
    at_once([lambda url=url: put(user, webhook_url=url) for url in urls])  # type: ignore[misc]
    kept = User.objects.get(pk=user.id)
    assert kept.webhook_url in urls
    assert kept.webhook_id


@pytest.mark.parametrize(
    "url", ["http://example.com", "https://", "https://a:b@example.com", "https://example.com:22",
            "ftp://example.com", "https://example.com/#x", "https://exa mple.com", "javascript:1",
            "https://example.com\r\nHost: x", "https://bücher.example", "https://[::1",
            "https://example.com:99999", "https://localhost/", "https://127.1/", "https://10.0.0.1:8443/",
            "https://[fec0::1]/", "https://db.internal/", "https://printer.local/", "https://db/",
            "https://0x7f000001/", "https://192.88.99.1/", "https://x/" + "a" * 2_000]
)  # fmt: skip
def test_url_that_cannot_be_called_is_refused(url: str) -> None:
    with pytest.raises((ValidationError, UncallableUrl)):
        SetContactPoints(webhook_url=url)


@pytest.mark.parametrize("phone", ["0170123", "+0123456789", "+49 170 1234567", "+4917\n0123456",
                                   "+" + "1" * 16, "", "$gt"])  # fmt: skip
def test_malformed_phone_is_refused(phone: str) -> None:
    with pytest.raises(ValidationError):
        SetContactPoints(phone=phone)


@pytest.mark.parametrize("caller", [a_person(), a_person(Role.OPERATOR), a_person(Role.ADMIN)])
def test_contact_points_are_readable_by_their_owner_only(caller: Principal) -> None:
    user = registered()
    with pytest.raises(Forbidden):
        set_contact_points(user.id, SetContactPoints(webhook_url=URL), caller=caller)
    assert get_contacts([user.id])[user.id].webhook_url is None


def test_deleted_account_has_no_contact_points() -> None:
    user = registered()
    put(user, webhook_url=URL, phone="+491701234567")
    delete_account(user.id, caller=as_principal(user))
    stored = json.dumps(User.objects.get().to_mongo().to_dict(), default=str)
    assert URL not in stored
    assert "+49" not in stored
    assert get_contacts([user.id]) == {}
    with pytest.raises(UserNotFound):
        put(user, webhook_url=URL)


def test_contacts_of_many_people_are_read_together() -> None:
    ada, bob = registered(), registered("Bob")
    for token in ("one", "two"):
        new = RegisterPushToken.model_validate({"platform": "ios", "token": token})
        register_push_token(ada.id, new, caller=as_principal(ada))
    found = get_contacts([ada.id, bob.id, "0" * 24, ada.id])
    assert {each.name for each in found.values()} == {"Ada", "Bob"}
    assert [each.token for each in found[ada.id].devices] == ["one", "two"]
    assert found[bob.id].devices == ()
    assert (forget_push_token("one"), forget_push_token("one")) == (True, False)
    assert [each.token for each in get_contacts([ada.id])[ada.id].devices] == ["two"]


def test_rest_sets_the_callers_contact_points() -> None:
    user = registered()
    headers = {"Authorization": f"Bearer {token_of(as_principal(user))}"}
    event = api_event({"webhook_url": URL}, headers=headers, pathParameters={"user_id": "me"})
    status, answer = answer_of(handler(event, CONTEXT))
    assert status == 200
    assert answer["data"]["webhook_secret"].startswith("whsec_")
