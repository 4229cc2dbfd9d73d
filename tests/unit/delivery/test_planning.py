"""Tests of when a message is sent, by preferences, channels and quiet hours."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from tests.unit.notifications.builders import NOON, a_contact
from tidings.delivery.models import Channel, DeliveryStatus, Priority
from tidings.delivery.planning import decide, reaches_inbox, wished_channels
from tidings.notifications.drafting import NotificationContent

QUIET: dict[str, Any] = {"quiet_hours": {"start": "22:00", "end": "07:00"}}
MIDNIGHT = datetime(2026, 12, 1, tzinfo=UTC)
SEVEN = datetime(2026, 12, 1, 7, tzinfo=UTC)
CATEGORIES = ("orders", "promotions", "recommendations", "tasks", "stock")


def content(
    category: str = "orders",
    *,
    transactional: bool = False,
    carries_code: bool = False,
    priority: Priority = Priority.NORMAL,
) -> NotificationContent:
    return NotificationContent(
        kind="kind",
        category=category,
        template_code="template",
        variables={},
        subject_id="subject",
        dedupe="event",
        event_id="event",
        transactional=transactional,
        carries_code=carries_code,
        priority=priority,
    )


@pytest.mark.parametrize(
    ("category", "channel", "on"), list(product(CATEGORIES, ["email", "push"], [True, False]))
)
def test_preference_decides_for_its_category_and_channel(
    category: str, channel: str, on: bool
) -> None:
    chosen: dict[str, Any] = {category: {channel: on}}
    contact = a_contact(**chosen)
    decision = decide(Channel(channel), content(category), contact, NOON)
    expected = DeliveryStatus.QUEUED if on else DeliveryStatus.SUPPRESSED
    assert (decision.status, decision.reason) == (expected, None if on else "preferences")


@pytest.mark.parametrize("transactional", [True, False])
def test_transactional_email_can_be_switched_off(transactional: bool) -> None:
    contact = a_contact(orders={"email": False})
    decision = decide(Channel.EMAIL, content(transactional=transactional), contact, NOON)
    assert decision.reason == "preferences"


def test_transactional_notices_cannot_be_switched_off_in_the_inbox() -> None:
    contact = a_contact(orders={"inbox": False}, tasks={"inbox": False})
    assert reaches_inbox(content("orders", transactional=True), contact)
    assert not reaches_inbox(content("tasks"), contact)


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("urgent", [True, False])
def test_nothing_is_sent_for_an_unverified_account(channel: Channel, urgent: bool) -> None:
    chosen = {"sms": True, "webhook": True}
    contact = a_contact(verified=False, phone="+491701234567", orders=chosen)
    said = content(transactional=urgent, priority=Priority.URGENT if urgent else Priority.NORMAL)
    assert decide(channel, said, contact, NOON).reason == "address not verified"


def test_codes_are_mailed_to_any_address_and_use_no_other_channel() -> None:
    contact = a_contact(verified=False, phone="+491701234567")
    code = content("account", carries_code=True, transactional=True)
    assert decide(Channel.EMAIL, code, contact, NOON).status is DeliveryStatus.QUEUED
    for channel in (Channel.PUSH, Channel.SMS, Channel.WEBHOOK):
        assert decide(channel, code, contact, NOON).status is DeliveryStatus.SUPPRESSED


def test_phone_gets_its_code_and_nothing_else_until_it_is_verified() -> None:
    unproven = a_contact(phone="+491701234567", phone_verified=False, orders={"sms": True})
    assert decide(Channel.SMS, content(), unproven, NOON).reason == "phone not verified"
    code = content("account", carries_code=True, transactional=True)
    assert decide(Channel.SMS, code, unproven, NOON).status is DeliveryStatus.QUEUED
    proven = a_contact(phone="+491701234567", orders={"sms": True})
    assert decide(Channel.SMS, content(), proven, NOON).status is DeliveryStatus.QUEUED


@pytest.mark.parametrize("channel", [Channel.PUSH, Channel.SMS, Channel.WEBHOOK])
def test_person_without_a_contact_point_is_not_tried(channel: Channel) -> None:
    contact = a_contact(devices=0, orders={"push": True, "sms": True, "webhook": True})
    decision = decide(channel, content(), contact, NOON)
    assert (decision.status, decision.reason) == (DeliveryStatus.SUPPRESSED, "no address")


def test_deleted_account_gets_nothing() -> None:
    for channel in Channel:
        code = content("account", carries_code=True)
        assert decide(channel, code, None, NOON).reason == "no account"


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.PUSH, Channel.SMS])
@pytest.mark.parametrize("priority", Priority)
def test_quiet_hours_hold_back_mails_push_and_text_messages(
    channel: Channel, priority: Priority
) -> None:
    contact = a_contact(phone="+4930123456", orders={"sms": True}, **QUIET)
    held = decide(channel, content(priority=priority), contact, MIDNIGHT)
    assert held == (DeliveryStatus.SCHEDULED, "quiet_hours", SEVEN)
    assert decide(channel, content(), contact, SEVEN).status is DeliveryStatus.QUEUED


@pytest.mark.parametrize("category", ["account", *CATEGORIES])
@pytest.mark.parametrize("transactional", [True, False])
@pytest.mark.parametrize("priority", Priority)
def test_only_urgent_news_of_the_account_pass_quiet_hours(
    category: str, transactional: bool, priority: Priority
) -> None:
    said = content(category, transactional=transactional, priority=priority)
    passes = (category, transactional, priority) == ("account", True, Priority.URGENT)
    chosen: dict[str, Any] = {each: {"push": True} for each in CATEGORIES}
    contact = a_contact(**chosen, **QUIET)
    reason = decide(Channel.PUSH, said, contact, MIDNIGHT).reason
    assert reason == (None if passes else "quiet_hours")


def test_codes_ignore_quiet_hours() -> None:
    code = content("account", carries_code=True, priority=Priority.URGENT)
    assert decide(Channel.EMAIL, code, a_contact(**QUIET), MIDNIGHT).due_at is None


def test_digest_collects_mails_that_can_wait() -> None:
    contact = a_contact(digest="daily", tasks={"email": True}, **QUIET)
    eight = datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert decide(Channel.EMAIL, content("tasks"), contact, MIDNIGHT) == (
        DeliveryStatus.SCHEDULED,
        "digest",
        eight,
    )
    for urgent in (
        content("tasks", priority=Priority.URGENT),
        content("tasks", transactional=True),
    ):
        assert decide(Channel.EMAIL, urgent, contact, NOON).status is DeliveryStatus.QUEUED
    assert decide(Channel.PUSH, content("tasks"), contact, NOON).reason is None


def test_default_channels_are_inbox_email_and_push() -> None:
    assert wished_channels(content(), a_contact()) == {"inbox", "email", "push"}
    contact = a_contact(orders={"sms": True})
    assert wished_channels(content(), contact) == {"inbox", "email", "push", "sms"}
    assert wished_channels(content("stock"), contact) == {"inbox", "email", "push"}
