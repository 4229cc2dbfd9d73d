import json
from pathlib import Path

import pytest

from tidings.notifications.rules import RULES
from tidings.orders.events import OrderCancelled, OrderStatusChanged
from tidings.platform.events import Event

SAMPLES = Path(__file__).parents[3] / "events" / "samples"


def sample(event_class: type[Event]) -> Event:
    return event_class.model_validate_json(
        (SAMPLES / f"{event_class.event_type()}.json").read_text()
    )


@pytest.mark.parametrize("event_class", RULES)
def test_rule_renders_its_events_sample(event_class: type[Event]) -> None:
    title, body = RULES[event_class].render(sample(event_class))
    for text in (title, body):
        assert text
        assert "{" not in text
        assert "None" not in text


@pytest.mark.parametrize("event_class", RULES)
def test_notification_is_for_the_person_the_event_concerns(event_class: type[Event]) -> None:
    event = sample(event_class)
    data = json.loads(event.model_dump_json())["data"]
    person = data.get("customer_id") or data.get("user_id") or data["assignee_id"]
    assert RULES[event_class].audience(event) == [person]


@pytest.mark.parametrize("event_class", RULES)
def test_notification_names_what_it_is_about(event_class: type[Event]) -> None:
    event = sample(event_class)
    rule = RULES[event_class]
    about_the_reader = [event.subject] == rule.audience(event)
    assert about_the_reader or event.subject in rule.render(event)[1]


@pytest.mark.parametrize("event_class", RULES)
def test_codes_are_not_told_in_the_inbox(event_class: type[Event]) -> None:
    data = sample(event_class).data.model_dump()
    codes = [value for name, value in data.items() if name.endswith("_code")]
    text = " ".join(RULES[event_class].render(sample(event_class)))
    assert not [code for code in codes if code in text]


def test_kinds_are_told_apart() -> None:
    kinds = [rule.kind for rule in RULES.values()]
    assert len(set(kinds)) == len(kinds)


def status_changed(state: str, **more: str) -> OrderStatusChanged:
    data = {"order_id": "order-1", "customer_id": "person-1", "state": state, "previous": "x"}
    return OrderStatusChanged.model_validate({"subject": "order-1", "data": data | more})


def test_shipped_order_comes_with_its_carrier_and_tracking_number() -> None:
    event = status_changed("shipped", carrier="DHL", tracking_number="JD0146")
    title, body = RULES[OrderStatusChanged].render(event)
    assert title == "Your order is on its way"
    assert body == "Order order-1 was handed to DHL; its tracking number is JD0146."


@pytest.mark.parametrize("state", ["paid", "packed", "delivered", "returned", "of a later version"])
def test_every_change_of_state_can_be_told(state: str) -> None:
    title, body = RULES[OrderStatusChanged].render(status_changed(state))
    assert title
    assert "order-1" in body
    assert "None" not in title + body


def test_what_people_wrote_is_not_read_as_a_template() -> None:
    data = {"order_id": "order-1", "customer_id": "p", "reason": "{customer_id} {0.__class__}"}
    event = OrderCancelled.model_validate({"subject": "order-1", "data": data})
    assert RULES[OrderCancelled].render(event)[1].endswith("{customer_id} {0.__class__}")
