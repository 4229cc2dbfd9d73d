"""Tests of the table of limits and waits, and of the settings that change it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.delivery.test_planning import content
from tests.unit.notifications.builders import NOON
from tidings.delivery import frequency_rules
from tidings.delivery.frequency_rules import TABLE, Cap, cap_of, caps, unread_wait, waits
from tidings.delivery.models import Channel, DeliveryStatus, Priority
from tidings.delivery.planning import Decision, after_unread
from tidings.platform.settings import Settings

PROMOTION = content("promotions")
TASK = content("tasks")
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def tasks_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    with_settings(monkeypatch, unread_waits="tasks=30m")


def with_settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    monkeypatch.setattr(frequency_rules, "settings", lambda: Settings.model_validate(values))


def test_message_counts_for_its_category_and_a_kind_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_settings(monkeypatch, frequency_caps="promotions.email=2/7d,spring.email=1/2h")
    found = cap_of(PROMOTION, Channel.EMAIL)
    assert found is not None
    assert (found.what, found.cap, found.reason) == (
        "promotions",
        Cap(2, "7d"),
        "frequency_cap promotions 2/7d",
    )
    spring = cap_of(_named("spring"), Channel.EMAIL)
    assert spring is not None
    assert (spring.what, spring.cap.period) == ("spring", timedelta(hours=2))
    # Only by this channel does the kind have a limit of its own.
    push = cap_of(_named("spring"), Channel.PUSH)
    assert push is not None
    assert push.what == "promotions"


@pytest.mark.parametrize(
    "exempt", [{"transactional": True}, {"carries_code": True}, {"simulated": True}]
)
@pytest.mark.usefixtures("tasks_wait")
def test_what_people_must_get_has_no_limit_and_does_not_wait(exempt: dict[str, Any]) -> None:
    for category in {*(each.what for each in TABLE), "tasks"}:
        for channel in Channel:
            assert cap_of(_named(category, category=category, **exempt), channel) is None
        assert unread_wait(_named(category, category=category, **exempt)) is None


def test_no_mail_waits_without_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    with_settings(monkeypatch)
    assert unread_wait(TASK) is None
    assert waits("") == {}


def test_samples_for_operators_have_no_limit() -> None:
    assert cap_of(_named("spring", sample_language="en"), Channel.EMAIL) is None


def test_setting_replaces_adds_and_removes_limits() -> None:
    changed = caps("promotions.email=5/30d,promotions.push=off,tasks.push=9/1h,tasks.push=8/1h")
    assert changed["promotions", Channel.EMAIL] == Cap(5, "30d")
    assert changed["promotions", Channel.PUSH] is None
    assert changed["tasks", Channel.PUSH] == Cap(8, "1h")
    assert changed["promotions", Channel.SMS] == Cap(5, "1d")
    assert waits("tasks=off,stock=2h") == {"tasks": None, "stock": "2h"}


def test_setting_removes_a_limit_for_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    with_settings(monkeypatch, frequency_caps="promotions.email=off", unread_waits="tasks=off")
    assert cap_of(PROMOTION, Channel.EMAIL) is None
    assert unread_wait(TASK) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("frequency_caps", "promotions=3/1d"),
        ("frequency_caps", "promotions.inbox=3/1d"),
        ("frequency_caps", "promotions.email=0/1d"),
        ("frequency_caps", "promotions.email=3/1m"),
        ("frequency_caps", "promotions.email=3/1d,"),
        ("frequency_caps", "promotions.email=100/1d"),
        ("unread_waits", "tasks=0m"),
        ("unread_waits", "tasks=3d"),
        ("unread_waits", "tasks"),
    ],
)
def test_malformed_setting_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({name: value})


@pytest.mark.usefixtures("tasks_wait")
def test_mail_waits_from_the_moment_when_the_inbox_has_it() -> None:
    waiting = after_unread(Decision(DeliveryStatus.QUEUED), TASK, NOON)
    assert waiting == (DeliveryStatus.SCHEDULED, "unread", NOON + timedelta(minutes=30))


@pytest.mark.usefixtures("tasks_wait")
def test_longer_wait_for_another_reason_stays() -> None:
    quiet = Decision(DeliveryStatus.SCHEDULED, "quiet_hours", LATER)
    assert after_unread(quiet, TASK, NOON) == quiet
    soon = quiet._replace(due_at=NOON + timedelta(minutes=1))
    assert after_unread(soon, TASK, NOON) == (
        DeliveryStatus.SCHEDULED,
        "unread",
        NOON + timedelta(minutes=30),
    )


@pytest.mark.usefixtures("tasks_wait")
@pytest.mark.parametrize(
    "decision",
    [
        Decision(DeliveryStatus.SUPPRESSED, "preferences"),
        Decision(DeliveryStatus.SCHEDULED, "digest", LATER),
    ],
)
def test_suppressed_mails_and_digests_do_not_wait(decision: Decision) -> None:
    assert after_unread(decision, TASK, NOON) is None


@pytest.mark.usefixtures("tasks_wait")
def test_urgent_messages_and_other_categories_do_not_wait() -> None:
    queued = Decision(DeliveryStatus.QUEUED)
    assert after_unread(queued, content("tasks", priority=Priority.URGENT), NOON) is None
    assert after_unread(queued, content("orders"), NOON) is None


def _named(kind: str, *, category: str = "promotions", **more: Any) -> Any:
    return replace(content(category), kind=kind, **more)
