import json
from pathlib import Path

import pytest

from tidings.notifications.rules import RULES, Rule
from tidings.platform.events import Event

SAMPLES = Path(__file__).parents[3] / "events" / "samples"


def sample(event_class: type[Event]) -> Event:
    return event_class.model_validate_json(
        (SAMPLES / f"{event_class.event_type()}.json").read_text()
    )


def rendered(event_class: type[Event], rule: Rule) -> tuple[str, str]:
    values = sample(event_class).data.model_dump()
    return rule.title.format_map(values), rule.body.format_map(values)


@pytest.mark.parametrize("event_class", RULES)
def test_rule_renders_its_events_sample(event_class: type[Event]) -> None:
    title, body = rendered(event_class, RULES[event_class])
    for text in (title, body):
        assert text
        assert "{" not in text
        assert "None" not in text


@pytest.mark.parametrize("event_class", RULES)
def test_notification_is_for_the_person_the_event_concerns(event_class: type[Event]) -> None:
    event = sample(event_class)
    data = json.loads(event.model_dump_json())["data"]
    person = data.get("customer_id") or data["assignee_id"]
    assert RULES[event_class].audience(event) == [person]


@pytest.mark.parametrize("event_class", RULES)
def test_notification_names_what_it_is_about(event_class: type[Event]) -> None:
    event = sample(event_class)
    assert event.subject in rendered(event_class, RULES[event_class])[1]


def test_kinds_are_told_apart() -> None:
    kinds = [rule.kind for rule in RULES.values()]
    assert len(set(kinds)) == len(kinds)
