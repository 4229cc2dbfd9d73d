import json
from pathlib import Path

import pytest

from tidings.notifications.rules import RULES
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
    wire = json.loads(event.model_dump_json())
    assert RULES[event_class].audience(event) == wire["data"]["customer_id"]


@pytest.mark.parametrize("event_class", RULES)
def test_notification_names_what_it_is_about(event_class: type[Event]) -> None:
    event = sample(event_class)
    assert event.subject in RULES[event_class].render(event)[1]


def test_kinds_are_told_apart() -> None:
    kinds = [rule.kind for rule in RULES.values()]
    assert len(set(kinds)) == len(kinds)
