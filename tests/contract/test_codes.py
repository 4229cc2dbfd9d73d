"""Every event with a one-time code is marked, and its code is sent through one channel only."""

from typing import Any, Final

import pytest

from tidings.delivery.planning import CODE_CHANNELS
from tidings.monitoring.editing import EDITS  # imports the events of all domains
from tidings.notifications.rules import RULES, Rule
from tidings.platform.messaging.events import EVENT_CLASSES, Event
from tidings.templates import builtin
from tidings.templates.one_time_codes import is_code_name
from tidings.users import codes

EVENTS: Final = [each for each in EVENT_CLASSES.values() if each.__module__.startswith("tidings.")]
WITH_CODES: Final = [each for each in EVENTS if each.code_fields()]
each_event = pytest.mark.parametrize("event_class", EVENTS, ids=lambda each: each.event_type())
each_code_event = pytest.mark.parametrize(
    "event_class", WITH_CODES, ids=lambda each: each.event_type()
)


def data_fields(event_class: type[Event]) -> dict[str, Any]:
    data: Any = event_class.model_fields["data"].annotation
    fields: dict[str, Any] = data.model_fields
    return fields


def rule_of(event_class: type[Event]) -> Rule:
    return RULES[event_class]


def test_there_are_events_with_codes() -> None:
    types = {each.event_type() for each in WITH_CODES}
    assert types >= {"user.registered", "user.password_reset_requested"}


@each_event
def test_exactly_the_fields_named_like_codes_are_marked(
    event_class: type[Event],
) -> None:
    named = {name for name in data_fields(event_class) if is_code_name(name)}
    assert set(event_class.code_fields()) == named


@each_code_event
def test_code_has_a_purpose_that_can_be_invalidated(event_class: type[Event]) -> None:
    for purpose in event_class.code_fields().values():
        assert purpose in codes._PURPOSES
    assert "user_id" in data_fields(event_class)


@each_code_event
def test_rule_of_a_code_names_only_one_channel(event_class: type[Event]) -> None:
    rule = rule_of(event_class)
    assert rule.carries_code
    assert rule.channels is not None
    assert len(rule.channels) == 1
    assert rule.channels <= {each.value for each in CODE_CHANNELS}


@each_code_event
def test_template_of_a_code_is_built_in_and_declares_it(event_class: type[Event]) -> None:
    content = builtin.content_of(rule_of(event_class).template)
    assert content is not None
    assert content.code_variables == set(event_class.code_fields())


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.kind)
def test_only_rules_of_codes_use_a_template_with_codes(rule: Rule) -> None:
    content = builtin.content_of(rule.template)
    assert content is not None
    assert bool(content.code_variables) == rule.carries_code


@each_code_event
def test_event_with_a_code_cannot_be_edited(event_class: type[Event]) -> None:
    assert event_class not in EDITS


@pytest.mark.parametrize("event_class", EDITS, ids=lambda each: each.event_type())
def test_edits_never_change_people_objects_or_codes(event_class: type[Event]) -> None:
    form = EDITS[event_class]
    assert form.model_fields.keys() <= data_fields(event_class).keys()
    for name in form.model_fields:
        assert not name.endswith(("id", "ids", "_at", "code", "email", "phone", "url", "address"))
        assert name not in {"channel", "template_code", "priority", "state", "quantity", "lines"}
