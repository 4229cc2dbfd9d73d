from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tidings.platform.errors import RuleRefused
from tidings.users.errors import BothForms
from tidings.users.preferences import (
    CATEGORIES,
    Channels,
    Preferences,
    UpdatePreferences,
    nested,
)


def test_defaults_notify_of_orders_and_advertise_only_in_the_inbox() -> None:
    defaults = Preferences()
    assert (defaults.orders.inbox, defaults.orders.email, defaults.orders.push) == (True,) * 3
    for kind in (defaults.orders, defaults.promotions, defaults.tasks, defaults.stock):
        # They need a contact point, and text messages cost money.
        assert (kind.sms, kind.webhook) == (False, False)
    for advertising in (defaults.promotions, defaults.recommendations):
        assert (advertising.inbox, advertising.email, advertising.push) == (True, False, False)
    assert defaults.quiet_hours is None


def test_choices_replace_the_defaults_that_they_name() -> None:
    chosen = Preferences.of({"tasks": {"email": True}, "language": "de"})
    assert chosen.tasks.model_dump() == Preferences().tasks.model_dump() | {"email": True}
    assert chosen.language == "de"
    assert chosen.stock == Preferences().stock


def test_quiet_hours_replace_none() -> None:
    night = {"start": "22:00", "end": "07:00"}
    assert Preferences.of({"quiet_hours": night}).model_dump()["quiet_hours"] == night


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"promotions": {}}, {}),
        ({"promotions": None, "language": None}, {}),
        ({"promotions": {"email": True, "push": None}}, {"promotions.email": True}),
        ({"quiet_hours": None}, {"quiet_hours": None}),
        ({"digest": "weekly"}, {"digest": "weekly"}),
        (
            {"quiet_hours": {"start": "22:00", "end": "07:00"}},
            {"quiet_hours": {"start": "22:00", "end": "07:00"}},
        ),
    ],
)
def test_changes_contain_the_named_fields(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert UpdatePreferences.model_validate(given).changes() == expected


@pytest.mark.parametrize(
    "zone",
    [
        "UTC",
        "Europe/Berlin",
        "America/Argentina/Buenos_Aires",
        "Asia/Calcutta",
        "EST5EDT",
        "Etc/GMT+5",
    ],
)
def test_time_zones_of_the_database_are_taken(zone: str) -> None:
    assert UpdatePreferences(time_zone=zone).time_zone == zone


@pytest.mark.parametrize(
    "change",
    [
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": "/etc/localtime"},
        {"time_zone": "America"},
        {"time_zone": "localtime"},
        {"time_zone": "posixrules"},
        {"time_zone": "Factory"},
        {"time_zone": "posix/Europe/Berlin"},
        {"time_zone": "right/Europe/Berlin"},
        {"time_zone": "europe/berlin"},
        {"time_zone": "EUROPE/BERLIN"},
        {"time_zone": "Europe/Berlin "},
        {"time_zone": "Europe//Berlin"},
        {"time_zone": "tzdata.zi"},
        {"time_zone": "EST5EDT4"},
        {"time_zone": "+02:00"},
        {"time_zone": ""},
        {"time_zone": "\x00"},
        {"time_zone": "x" * 1000},
        {"quiet_hours": {"start": "22:00", "end": "22:00"}},
        {"quiet_hours": {"start": "24:00", "end": "07:00"}},
        {"quiet_hours": {"start": "7:00", "end": "08:00"}},
        {"quiet_hours": {"start": "22:00"}},
        {"quiet_hours": {"start": "22:00", "end": "07:00", "days": []}},
        {"language": "german"},
        {"language": "de_DE"},
        {"digest": "hourly"},
        {"orders": {"inbox": "perhaps"}},
        {"orders": {"fax": True}},
        {"orders": True},
        {"newsletters": {"email": True}},
        {"promotions": {"$set": True}},
    ],
    ids=str,
)
def test_invalid_choices_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises((ValidationError, RuleRefused)):
        UpdatePreferences.model_validate(change)


@given(
    st.dictionaries(
        st.sampled_from(["orders", "promotions", "recommendations", "tasks", "stock"]),
        st.dictionaries(st.sampled_from(["inbox", "email", "push"]), st.booleans()),
    )
)
def test_choices_are_stored_unchanged(chosen: dict[str, dict[str, bool]]) -> None:
    kept = Preferences.of(chosen).model_dump()
    for path, on in UpdatePreferences.model_validate(chosen).changes().items():
        kind, channel = path.split(".")
        assert kept[kind][channel] is on


def test_stored_zone_that_no_longer_exists_counts_as_utc() -> None:
    assert Preferences.of({"time_zone": "localtime"}).time_zone == "UTC"


@pytest.mark.parametrize("language", ["es-419", "en-001", "zh-Hans-CN", "fil", "sr-Latn"])
def test_bcp_47_languages_are_accepted_in_any_case(language: str) -> None:
    assert UpdatePreferences(language=language).language == language
    assert UpdatePreferences(language=language.lower()).language == language


# ------------------------------------------------- switches for all categories at once


def test_switch_off_is_for_every_category_and_on_only_for_those_with_it_by_default() -> None:
    off = UpdatePreferences.model_validate({"email": False}).changes()
    assert off == {f"{each}.email": False for each in CATEGORIES}
    on = UpdatePreferences.model_validate({"email": True, "push": True}).changes()
    assert on == {
        "orders.email": True,
        "stock.email": True,
        "orders.push": True,
        "tasks.push": True,
        "stock.push": True,
    }


def test_switches_go_with_fields_of_no_category() -> None:
    given = {"push": False, "language": "de", "quiet_hours": None, "orders": None}
    changes = UpdatePreferences.model_validate(given).changes()
    assert changes.keys() == {"language", "quiet_hours", *(f"{each}.push" for each in CATEGORIES)}


@pytest.mark.parametrize("switch", ["email", "push"])
@pytest.mark.parametrize("category", CATEGORIES)
def test_both_forms_at_once_are_refused(switch: str, category: str) -> None:
    with pytest.raises(BothForms) as refused:
        UpdatePreferences.model_validate({switch: True, category: {"inbox": True}})
    assert refused.value.field == switch
    assert category in refused.value.message


@pytest.mark.parametrize("value", ["true", 1, {}, []])
def test_switch_is_a_boolean(value: object) -> None:
    with pytest.raises(ValidationError):
        UpdatePreferences.model_validate({"email": value})


def test_categories_are_those_with_channels() -> None:
    fields = Preferences.model_fields.items()
    assert {name for name, field in fields if field.annotation is Channels} == set(CATEGORIES)


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ({}, (True, True)),
        ({each: {"email": False} for each in CATEGORIES}, (False, True)),
        ({each: {"push": False} for each in CATEGORIES} | {"language": "de"}, (True, False)),
        ({each: {"email": each == "tasks"} for each in CATEGORIES}, (True, True)),
    ],
)
def test_preferences_show_whether_any_category_has_a_channel(
    chosen: dict[str, Any], shown: tuple[bool, bool]
) -> None:
    preferences = Preferences.of(chosen)
    assert (preferences.email, preferences.push) == shown
    dumped = preferences.model_dump(mode="json")
    assert (dumped["email"], dumped["push"]) == shown
    assert Preferences.of(dumped) == preferences


@given(st.booleans(), st.booleans())
def test_switches_show_what_was_sent(email: bool, push: bool) -> None:
    changes = UpdatePreferences(email=email, push=push).changes()
    preferences = Preferences.of(nested(changes))
    assert (preferences.email, preferences.push) == (email, push)
