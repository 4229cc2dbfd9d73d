"""What an act tells the audit trail is small, and holds nothing personal."""

from datetime import UTC, datetime

import pytest

from tidings.platform import acts
from tidings.platform.acts import (
    MALFORMED,
    MAX_CHARACTERS,
    MAX_FIELDS,
    MAX_TARGETS,
    Act,
    Target,
)
from tidings.platform.text.masking import MASK

ID = "6b0152a6f6b097fd8ed20a9b"


def test_changes_are_told_without_equal_fields() -> None:
    act = Act()
    with acts.acting(act):
        acts.changed({"state": "draft", "price": 5}, {"state": "active", "price": 5})
    assert (act.before, act.after) == ({"state": "draft"}, {"state": "active"})


def test_outside_of_an_act_nothing_is_told() -> None:
    acts.changed(after={"state": "active"})
    acts.concerns("product", "a")
    assert not acts.is_acting()


def test_an_act_ends_with_its_context() -> None:
    outer, inner = Act(), Act()
    with acts.acting(outer):
        with acts.acting(inner):
            acts.concerns("product", ID)
        acts.concerns("template", "order_confirmed")
    assert inner.targets == [Target("product", ID)]
    assert outer.targets == [Target("template", "order_confirmed")]
    assert not acts.is_acting()


def test_personal_values_are_masked_by_name_and_form() -> None:
    act = Act()
    with acts.acting(act):
        acts.changed(
            {"email": "ada@example.com", "title": "for ada@example.com"},
            {"password": "x", "labels": ["+49 30 1234567"], "phone": None},
        )
    assert act.before == {"email": MASK, "title": f"for {MASK}"}
    assert act.after == {"password": MASK, "labels": [MASK], "phone": None}


def test_long_values_and_many_fields_are_cut() -> None:
    act = Act()
    with acts.acting(act):
        acts.changed(after={"title": "a b " * 1_000, "labels": ["blue"] * 1_000})
        acts.changed(after={f"field_{number}": number for number in range(100)})
    assert len(act.after["title"]) <= MAX_CHARACTERS
    assert len(act.after["labels"]) <= MAX_CHARACTERS
    assert len(act.after) == MAX_FIELDS


def test_times_sets_and_tuples_are_told_in_json_types() -> None:
    act = Act()
    at = datetime(2026, 12, 1, tzinfo=UTC)
    with acts.acting(act):
        acts.changed(after={"due_at": at, "labels": {"b", "a"}, "states": ("x",), "gone": None})
    assert act.after == {
        "due_at": at.isoformat(),
        "labels": ["a", "b"],
        "states": ["x"],
        "gone": None,
    }


def test_targets_are_kept_once_and_counted_in_full() -> None:
    act = Act()
    ids = [f"{number:024x}" for number in range(3 * MAX_TARGETS)]
    act.add("failed_message", ids[:1])
    act.add("failed_message", ids)
    assert len(act.targets) == MAX_TARGETS
    assert len(act.known) == len(ids)


@pytest.mark.parametrize("kind", ["user", "template"])
@pytest.mark.parametrize("text", ["ada@example.com", "Ada Lovelace", "+49301234567", "x" * 20_000])
def test_text_that_is_no_id_is_not_kept(kind: str, text: str) -> None:
    act = Act()
    act.add(kind, [text, f"{text} again"])
    assert act.targets == [Target(kind, MALFORMED)]


def test_name_is_no_id_of_a_person() -> None:
    act = Act()
    act.add("user", ["ada"])
    assert act.targets == [Target("user", MALFORMED)]
