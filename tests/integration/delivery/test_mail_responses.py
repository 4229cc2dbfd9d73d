"""Opens and clicks of campaigns' mails are recorded for people who agree to it, and no others."""

import re
from datetime import timedelta
from typing import Any

import pytest
from delivery import follow_mail_link, open_mail
from pymongo.errors import PyMongoError

from tests.integration.builders import CONTEXT, a_reader, at_once
from tests.integration.notifications.builders import Provider
from tests.unit.platform.builders import api_event
from tidings.delivery import claims, responding, tracking
from tidings.delivery.delivering import deliver
from tidings.delivery.erasure import forget_person
from tidings.delivery.models import Channel, MailResponse, Notification
from tidings.delivery.outgoing import OutgoingMessage
from tidings.delivery.responding import MAX_COUNT, get_mail_responses
from tidings.delivery.states import command_for
from tidings.notifications.creating import create_notifications
from tidings.notifications.drafting import NotificationContent
from tidings.notifications.notifying import notify, notify_together
from tidings.platform.errors import Forbidden
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id, now
from tidings.users.events import UserPreferencesUpdated, UserPreferencesUpdatedData
from tidings.users.models import User
from tidings.users.operations import delete_account, update_user_preferences
from tidings.users.preferences import UpdatePreferences

WANTS_MAIL: dict[str, Any] = {"promotions": {"email": True}}
AGREES: dict[str, Any] = WANTS_MAIL | {"tracking": True}
SHOP = "https://shop.example/spring?a=1&b=2"


def mailed(provider: Provider, reader: Principal, **changes: Any) -> OutgoingMessage:
    """Send a campaign's mail to a reader; return it as the provider got it."""
    content = NotificationContent(
        **{
            "kind": "promo.campaign",
            "category": "promotions",
            "template_code": "promotion",
            "variables": {"campaign": "Spring", "shop_url": SHOP},
            "subject_id": new_id(),
            "dedupe": new_id(),
            "event_id": new_id(),
            "campaign_id": new_id(),
        }
        | changes
    )
    (created,) = create_notifications([reader.user_id], content).values()
    notification = Notification.objects.get(pk=created.notification_id)
    deliver(command_for(notification, Channel.EMAIL))
    return provider.messages[-1]


def links_of(mail: OutgoingMessage) -> list[str]:
    return re.findall(r"/api/v1/clicks/([\w.-]+)", mail.rendered.html)


def picture_of(mail: OutgoingMessage) -> str:
    found = re.search(r"/api/v1/opens/([\w.-]+)", mail.rendered.html)
    assert found
    return found[1]


def opened(token: str, **more: Any) -> dict[str, Any]:
    event = api_event(pathParameters={"token": token}, **{"httpMethod": "GET"} | more)
    return open_mail.handler(event, CONTEXT)


def clicked(token: str, **more: Any) -> dict[str, Any]:
    event = api_event(pathParameters={"link": token}, **{"httpMethod": "GET"} | more)
    return follow_mail_link.handler(event, CONTEXT)


def response_of(mail: OutgoingMessage) -> MailResponse:
    response: MailResponse = MailResponse.objects.get(pk=mail.notification_id)
    return response


def prefer(reader: Principal, **given: Any) -> None:
    changed = UpdatePreferences.model_validate(given)
    principal = Principal(user_id=reader.user_id, role=Role.CUSTOMER)
    update_user_preferences(reader.user_id, changed, caller=principal)


def told_of(reader: Principal, **when: Any) -> UserPreferencesUpdated:
    data = UserPreferencesUpdatedData(user_id=reader.user_id, changed=["tracking"])
    return UserPreferencesUpdated(subject=reader.user_id, data=data, **when)


# ------------------------------------------------------------------------ consent


def test_mail_without_consent_has_its_own_links_and_nothing_is_stored(provider: Provider) -> None:
    mail = mailed(provider, a_reader(**WANTS_MAIL))
    assert "/api/v1/opens/" not in mail.rendered.html
    assert "/api/v1/clicks/" not in mail.rendered.html
    assert MailResponse.objects.count() == 0


def test_mail_of_no_campaign_is_not_tracked(provider: Provider) -> None:
    mail = mailed(provider, a_reader(**AGREES), campaign_id=None)
    assert "/api/v1/opens/" not in mail.rendered.html
    assert MailResponse.objects.count() == 0


def test_opens_and_clicks_are_recorded_with_the_first_time_and_a_count(
    provider: Provider,
) -> None:
    reader = a_reader(**AGREES)
    campaign_id = new_id()
    mail = mailed(provider, reader, campaign_id=campaign_id)
    before = response_of(mail)
    assert (before.user_id, before.campaign_id) == (reader.user_id, campaign_id)
    assert (before.opened_at, before.opens, before.clicked_at, before.links) == (None, 0, None, {})
    first, later = now(), now() + timedelta(hours=1)
    token = picture_of(mail)
    for at in (later, first):  # the second call may be handled first
        responding.record_open(token, at=at)
    after = response_of(mail)
    assert (after.opened_at, after.opens) == (
        first.replace(microsecond=after.opened_at.microsecond),
        2,
    )
    assert after.clicked_at is None
    link = links_of(mail)[0]
    assert clicked(link)["headers"]["Location"] == SHOP
    clicked(link)
    (seen,) = response_of(mail).links.values()
    assert (seen.url, seen.count) == (SHOP, 2)
    assert seen.first_at == response_of(mail).clicked_at


def test_click_counts_as_an_opening(provider: Provider) -> None:
    mail = mailed(provider, a_reader(**AGREES))
    clicked(links_of(mail)[0])
    response = response_of(mail)
    assert response.opened_at == response.clicked_at is not None
    assert response.opens == 0


def test_unsubscribe_link_leads_nowhere_else(provider: Provider) -> None:
    mail = mailed(provider, a_reader(**AGREES))
    assert mail.unsubscribe_url
    assert f'href="{mail.unsubscribe_url}"' in mail.rendered.html


def test_withdrawn_consent_ends_recording_at_once_and_deletes_what_is_stored(
    provider: Provider,
) -> None:
    reader, other = a_reader(**AGREES), a_reader(**AGREES)
    mail, kept = mailed(provider, reader), mailed(provider, other)
    prefer(reader, tracking=False)
    opened(picture_of(mail))
    assert clicked(links_of(mail)[0])["headers"]["Location"] == SHOP  # the link works on
    assert (response_of(mail).opens, response_of(mail).links) == (0, {})
    left = notify_together([told_of(reader)])
    for event in left:
        notify(event)
    assert len(left) == 1
    opened(picture_of(mail))
    assert MailResponse.objects(user_id=reader.user_id).count() == 0
    assert response_of(kept).user_id == other.user_id


def test_late_event_about_a_withdrawal_keeps_what_was_recorded_after_a_new_consent(
    provider: Provider,
) -> None:
    reader = a_reader(**AGREES)
    old = mailed(provider, reader)
    withdrawn = told_of(reader, time=now() + timedelta(seconds=1))
    MailResponse.objects(pk=old.notification_id).update_one(
        set__mailed_at=now() - timedelta(days=1)
    )
    new = mailed(provider, reader)
    MailResponse.objects(pk=new.notification_id).update_one(
        set__mailed_at=now() + timedelta(seconds=2)
    )
    notify(withdrawn)
    assert [each.id for each in MailResponse.objects(user_id=reader.user_id)] == [
        new.notification_id
    ]


def test_other_preferences_delete_nothing(provider: Provider) -> None:
    reader = a_reader(**AGREES)
    mail = mailed(provider, reader)
    data = UserPreferencesUpdatedData(user_id=reader.user_id, changed=["language"])
    event = UserPreferencesUpdated(subject=reader.user_id, data=data)
    assert notify_together([event]) == []
    notify(event)
    assert response_of(mail).user_id == reader.user_id


def test_consent_withdrawn_while_the_mail_is_sent_leaves_nothing(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = a_reader(**AGREES)
    record = claims.record

    def withdraw_first(attempts: Any) -> None:
        record(attempts)
        prefer(reader, tracking=False)
        notify(told_of(reader))

    monkeypatch.setattr(claims, "record", withdraw_first)
    mailed(provider, reader)
    assert MailResponse.objects.count() == 0


def test_erased_person_is_forgotten_and_not_recorded_again(provider: Provider) -> None:
    reader = a_reader(**AGREES)
    mail = mailed(provider, reader)
    delete_account(reader.user_id, caller=reader)
    opened(picture_of(mail))
    assert response_of(mail).opens == 0
    forget_person(reader.user_id)
    opened(picture_of(mail))
    assert clicked(links_of(mail)[0])["statusCode"] == 302
    assert MailResponse.objects.count() == 0


def test_person_reads_what_is_recorded_and_no_one_else(provider: Provider) -> None:
    reader = a_reader(**AGREES)
    mail = mailed(provider, reader)
    clicked(links_of(mail)[0])
    (view,) = get_mail_responses(reader.user_id, caller=reader)
    assert view.notification_id == mail.notification_id
    assert [each.url for each in view.links] == [SHOP]
    with pytest.raises(Forbidden):
        get_mail_responses(reader.user_id, caller=a_reader())


# --------------------------------------------------------------------------- calls


@pytest.mark.parametrize(
    "more",
    [
        {"httpMethod": "HEAD"},
        {"headers": {"Sec-Purpose": "prefetch;prerender"}},
        {"headers": {"purpose": "prefetch"}},
        {"headers": {"X-Purpose": "preview"}},
        {"headers": {"X-Moz": "prefetch"}},
    ],
    ids=str,
)
def test_call_that_no_reader_made_is_answered_and_not_counted(
    provider: Provider, more: dict[str, Any]
) -> None:
    mail = mailed(provider, a_reader(**AGREES))
    assert opened(picture_of(mail), **more)["statusCode"] == 200
    assert clicked(links_of(mail)[0], **more)["headers"]["Location"] == SHOP
    assert (response_of(mail).opened_at, response_of(mail).links) == (None, {})


def test_answers_name_no_other_address_and_are_not_kept(provider: Provider) -> None:
    mail = mailed(provider, a_reader(**AGREES))
    picture, link = opened(picture_of(mail)), clicked(links_of(mail)[0])
    assert picture["headers"]["Content-Type"] == "image/gif"
    assert picture["body"].encode() == picture["body"].encode("latin-1")
    assert picture["body"].startswith("GIF89a")
    assert (link["statusCode"], link["body"]) == (302, "")
    for answer in (picture, link):
        assert answer["headers"]["Cache-Control"] == "no-store"
        assert answer["headers"]["Referrer-Policy"] == "no-referrer"


def test_address_outside_ascii_is_written_in_ascii(provider: Provider) -> None:
    url = "https://shop.example/grün?q=%20a"
    mail = mailed(provider, a_reader(**AGREES), variables={"campaign": "Spring", "shop_url": url})
    location = clicked(links_of(mail)[0])["headers"]["Location"]
    assert location == "https://shop.example/gr%C3%BCn?q=%20a"


@pytest.mark.parametrize("query", [{"url": "https://evil.example"}, {"to": "//evil.example"}])
def test_query_changes_nothing(provider: Provider, query: dict[str, str]) -> None:
    mail = mailed(provider, a_reader(**AGREES))
    answer = clicked(links_of(mail)[0], queryStringParameters=query)
    assert answer["headers"]["Location"] == SHOP
    refused = clicked("https%3A%2F%2Fevil.example", queryStringParameters=query)
    assert refused["statusCode"] == 404
    assert "Location" not in refused["headers"]
    assert "evil" not in refused["body"]


def test_counts_are_bounded(provider: Provider) -> None:
    mail = mailed(provider, a_reader(**AGREES))
    link = links_of(mail)[0]
    clicked(link)
    (key,) = response_of(mail).links
    MailResponse._get_collection().update_one(
        {"_id": mail.notification_id},
        {"$set": {"opens": MAX_COUNT, f"links.{key}.count": MAX_COUNT}},
    )
    opened(picture_of(mail))
    clicked(link)
    assert response_of(mail).opens == MAX_COUNT
    assert response_of(mail).links[key].count == MAX_COUNT


def test_calls_at_once_are_all_counted(provider: Provider) -> None:
    mail = mailed(provider, a_reader(**AGREES))
    token = picture_of(mail)
    at_once([lambda: opened(token)] * 8)
    assert response_of(mail).opens == 8


def test_calls_beyond_the_limit_of_a_network_lead_on_and_are_not_counted(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responding, "PER_MINUTE", 1)
    mail = mailed(provider, a_reader(**AGREES))
    link = links_of(mail)[0]
    answers = [clicked(link) for _ in range(30)]
    assert {each["headers"]["Location"] for each in answers} == {SHOP}
    (seen,) = response_of(mail).links.values()
    assert seen.count < 30


def test_link_works_without_mongodb(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = mailed(provider, a_reader(**AGREES))

    def fail(*_: Any, **__: Any) -> None:
        raise PyMongoError("gone")

    monkeypatch.setattr(responding, "get_contacts", fail)
    assert clicked(links_of(mail)[0])["headers"]["Location"] == SHOP
    assert opened(picture_of(mail))["statusCode"] == 200


def test_mail_is_sent_even_if_it_cannot_be_tracked(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise PyMongoError("gone")

    monkeypatch.setattr(tracking, "_forget_the_unwilling", fail)
    mail = mailed(provider, a_reader(**AGREES))
    stored = Notification.objects.get(pk=mail.notification_id)
    assert stored.deliveries["email"].status in ("sent", "delivered")


def test_repeated_delivery_keeps_what_was_recorded(provider: Provider) -> None:
    mail = mailed(provider, a_reader(**AGREES))
    opened(picture_of(mail))
    tracking.begin([mail], now())
    assert response_of(mail).opens == 1


def test_old_mails_of_the_account_stay_untracked_after_consent(provider: Provider) -> None:
    reader = a_reader(**WANTS_MAIL)
    mailed(provider, reader)
    prefer(reader, tracking=True)
    assert User.objects.get(pk=reader.user_id).preferences["tracking"] is True
    assert MailResponse.objects.count() == 0
    again = mailed(provider, reader)
    assert response_of(again).user_id == reader.user_id
