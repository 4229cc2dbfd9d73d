"""Each event's rule: its audience, its template and its channels."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.notifications.builders import a_contact
from tidings.delivery.models import Channel, Priority
from tidings.notifications.rules import HEARD, RULES, SILENT
from tidings.orders.events import OrderCancelled, OrderStatusChanged, OrderStatusDue
from tidings.platform.messaging.events import Event
from tidings.products.events import (
    ProductBackInStock,
    ProductOutOfStock,
    ProductPriceDropped,
    StockNoticeRequested,
)
from tidings.templates import builtin
from tidings.templates.content import Rendered
from tidings.templates.one_time_codes import is_code_name
from tidings.templates.rendering import CompiledVariant
from tidings.users.events import (
    UserPasswordResetRequested,
    UserPhoneVerificationRequested,
    UserRegistered,
    UserVerificationRequested,
)

SAMPLES = Path(__file__).parents[3] / "events" / "samples"
CODES = (UserRegistered, UserVerificationRequested, UserPasswordResetRequested)
CODES_BY_TEXT = (UserPhoneVerificationRequested,)
each_rule = pytest.mark.parametrize("event_class", RULES)
each_language = pytest.mark.parametrize("language", ["en", "de"])


def sample(event_class: type[Event]) -> Event:
    return event_class.model_validate_json(
        (SAMPLES / f"{event_class.event_type()}.json").read_text()
    )


@each_rule
def test_template_of_a_rule_has_its_category(event_class: type[Event]) -> None:
    rule = RULES[event_class]
    template = builtin.content_of(rule.template)
    assert template is not None
    assert template.category == rule.category


def rendered(event: Event, language: str = "en") -> Rendered:
    """Render the rule's template as it comes with Tidings."""
    content = RULES[type(event)].content(event)
    template = builtin.content_of(content.template_code)
    assert template is not None
    variables: dict[str, Any] = {"name": "Ada", **content.variables}
    return CompiledVariant(template, template.variant_for(language)).render(variables)


@each_rule
@each_language
def test_template_renders_the_sample_of_its_event(event_class: type[Event], language: str) -> None:
    words = rendered(sample(event_class), language)
    assert words.language == language
    texts = [text for text in words.model_dump().values() if text is not None]
    assert not [text for text in texts if "{{" in text or "None" in text]
    assert texts
    if event_class not in CODES_BY_TEXT:
        assert words.email_subject
        assert words.email_text


@each_rule
def test_template_for_the_inbox_has_a_title_and_a_body(event_class: type[Event]) -> None:
    if event_class not in (*CODES, *CODES_BY_TEXT, StockNoticeRequested):  # not in the inbox
        words = rendered(sample(event_class))
        assert words.inbox_title
        assert words.inbox_body


@each_rule
def test_notification_is_for_the_person_of_the_event(event_class: type[Event]) -> None:
    if event_class in (ProductOutOfStock, ProductBackInStock, ProductPriceDropped):
        return
    event = sample(event_class)
    data = json.loads(event.model_dump_json())["data"]
    person = data.get("customer_id") or data.get("user_id") or data["assignee_id"]
    assert RULES[event_class].audience(event) == [person]


@pytest.mark.parametrize("event_class", [ProductBackInStock, ProductPriceDropped])
def test_followers_are_not_listed_by_the_rule(event_class: type[Event]) -> None:
    assert RULES[event_class].audience(sample(event_class)) == []


@pytest.mark.parametrize("event_class", CODES)
def test_codes_are_sent_only_by_email_and_at_once(event_class: type[Event]) -> None:
    content = RULES[event_class].content(sample(event_class))
    assert content.channels == frozenset({Channel.EMAIL.value})
    assert content.priority is Priority.URGENT
    assert content.carries_code


@pytest.mark.parametrize("event_class", CODES_BY_TEXT)
def test_codes_of_phones_are_sent_only_by_text_message_and_at_once(
    event_class: type[Event],
) -> None:
    content = RULES[event_class].content(sample(event_class))
    assert content.channels == frozenset({Channel.SMS.value})
    assert content.priority is Priority.URGENT
    assert content.carries_code
    assert "5HX28RWN" in (rendered(sample(event_class)).sms_text or "")


@each_rule
def test_codes_are_only_in_the_body_of_their_channel(event_class: type[Event]) -> None:
    event = sample(event_class)
    words = rendered(event)
    codes = [v for name, v in event.data.model_dump().items() if is_code_name(name)]
    assert bool(codes) == RULES[event_class].carries_code
    elsewhere = [words.email_subject, words.push_title, words.push_body]
    elsewhere += [words.inbox_title, words.inbox_body]
    if event_class not in CODES_BY_TEXT:
        elsewhere.append(words.sms_text)
    assert not [code for code in codes for text in elsewhere if code in (text or "")]


@each_rule
def test_content_refers_to_its_event(event_class: type[Event]) -> None:
    event = sample(event_class)
    content = RULES[event_class].content(event)
    assert (content.event_id, content.dedupe, content.subject_id) == (
        event.id,
        event.id,
        event.subject,
    )
    assert content.correlation_id == event.correlationid


def test_kinds_are_distinct() -> None:
    kinds = [rule.kind for rule in RULES.values()]
    assert len(set(kinds)) == len(kinds)


@each_rule
def test_category_is_one_of_the_preferences_or_the_account(event_class: type[Event]) -> None:
    known = {*type(a_contact().preferences).model_fields, "account"}
    assert RULES[event_class].category in known


def test_daily_events_have_a_queue_of_their_own() -> None:
    assert set(HEARD) == (set(RULES) | SILENT) - {OrderStatusDue}


# -------------------------------------------------------------------------- texts


def status_changed(state: str, **more: str) -> OrderStatusChanged:
    data = {"order_id": "order-1", "customer_id": "person-1", "state": state, "previous": "x"}
    return OrderStatusChanged.model_validate({"subject": "order-1", "data": data | more})


def test_shipped_order_has_its_carrier_and_tracking_number() -> None:
    words = rendered(status_changed("shipped", carrier="DHL", tracking_number="JD0146"))
    assert words.inbox_title == "Your order is on its way"
    assert words.inbox_body == ("Order order-1 was handed to DHL; its tracking number is JD0146.")


@each_language
@pytest.mark.parametrize("state", ["paid", "packed", "delivered", "returned", "of a later version"])
def test_every_order_state_can_be_rendered(state: str, language: str) -> None:
    words = rendered(status_changed(state), language)
    assert words.inbox_title
    assert "order-1" in (words.inbox_body or "")


def test_user_text_is_not_read_as_a_template() -> None:
    data = {"order_id": "order-1", "customer_id": "p", "reason": "{{ ''.__class__ }} <b>"}
    event = OrderCancelled.model_validate({"subject": "order-1", "data": data})
    words = rendered(event)
    assert "{{ ''.__class__ }}" in (words.inbox_body or "")
    assert "<b>" not in (words.email_html or "").partition("__class__")[2]


def test_dates_are_sent_as_text() -> None:
    event = sample(UserRegistered)
    expires_at = RULES[UserRegistered].content(event).variables["code_expires_at"]
    assert datetime.fromisoformat(expires_at).tzinfo in (UTC, datetime.now(UTC).tzinfo)
