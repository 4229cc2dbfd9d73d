"""The explanation of a notification's deliveries: each step, and the outcome on each channel."""

from typing import Any

import pytest

from tidings.delivery.models import (
    Channel,
    Delivery,
    DeliveryStatus,
    Notification,
    Step,
    TriedProvider,
)
from tidings.delivery.planning import INBOX
from tidings.monitoring.explaining.deliveries import NOT_ADDRESSED, outcomes_of, steps_of
from tidings.monitoring.explaining.makers import creator_of
from tidings.platform.timing.clock import now


def a_notification(*, channels_named: bool | None = False, **deliveries: Any) -> Notification:
    return Notification(
        id="6" * 24,
        user_id="7" * 24,
        kind="order.confirmed",
        category="orders",
        subject_id="8" * 24,
        event_id="event-1",
        dedupe_key="event-1:" + "7" * 24,
        deliveries=deliveries,
        channels_named=channels_named,
    )


def a_delivery(*steps: tuple[str, str | None], **more: Any) -> Delivery:
    made = [Step(status=status, at=now(), reason=reason) for status, reason in steps]
    last = made[-1]
    steps_ = [Step(status="accepted", at=now()), *made]
    return Delivery(status=last.status, reason=last.reason, steps=steps_, **more)


def outcome(notification: Notification, channel: str) -> tuple[str, str | None, str]:
    (found,) = [each for each in outcomes_of(notification) if each.channel == channel]
    return found.status, found.reason, found.sentence


def test_switched_off_channel_names_the_person_the_channel_and_the_category() -> None:
    told = a_notification(email=a_delivery(("suppressed", "preferences")))
    assert outcome(told, "email") == (
        "suppressed",
        "preferences",
        "It is not sent: the person switched off email for orders.",
    )


def test_channel_without_a_delivery_says_who_left_it_out() -> None:
    assert outcome(a_notification(), "sms")[:2] == (NOT_ADDRESSED, "not_chosen")
    assert outcome(a_notification(channels_named=True), "sms")[:2] == (NOT_ADDRESSED, "not_named")
    older = a_notification(channels_named=None)
    assert outcome(older, "sms")[:2] == (NOT_ADDRESSED, "not_recorded")


def test_bounce_reads_differently_before_and_after_sending() -> None:
    before = a_notification(email=a_delivery(("suppressed", "hard_bounce")))
    after = a_notification(email=a_delivery(("sent", None), ("failed", "hard_bounce")))
    assert "an earlier mail" in outcome(before, "email")[2]
    assert outcome(after, "email")[2] == "It failed: the mail bounced permanently."


def test_waiting_delivery_says_until_when() -> None:
    until = now()
    waits = a_delivery(("scheduled", "quiet_hours"), due_at=until)
    assert until.isoformat() in outcome(a_notification(email=waits), "email")[2]


def test_providers_that_did_not_take_a_message_are_named() -> None:
    tried = [
        TriedProvider(provider="ses", reason="misconfigured"),
        TriedProvider(provider="smtp", reason="circuit_open"),
    ]
    steps = [
        Step(status="queued", at=now(), reason="throttled", tried=tried[:1]),
        Step(status="queued", at=now(), reason="unavailable", tried=tried),
        Step(status="sent", at=now(), provider="backup", tried=tried),
        Step(status="sent", at=now()),  # of an older release
    ]
    told = a_notification(email=Delivery(status="sent", steps=steps, provider="ses"))
    found = list(steps_of(told))
    assert [len(each.tried) for each in found] == [1, 2, 2, 0]
    assert [each.provider for each in found] == [None, None, "backup", "ses"]
    assert found[0].sentence.endswith("accepts no more messages for now.")
    assert "ses (misconfigured), smtp (circuit_open)" in found[1].sentence
    after = "through backup, after ses (misconfigured) and smtp (circuit_open)."
    assert found[2].sentence.endswith(after)


def test_each_step_names_the_function_and_the_queue_that_made_it() -> None:
    story = (
        ("scheduled", "quiet_hours"),
        ("queued", None),
        ("sending", None),
        ("queued", "unavailable"),
        ("sending", None),
        ("sent", None),
        ("delivered", None),
    )
    told = a_notification(email=a_delivery(*story, provider="ses", provider_message_id="m-1"))
    made = [(each.code, each.reason, each.function, each.queue) for each in steps_of(told)]
    assert made == [
        ("delivery.scheduled", "quiet_hours", "notifications", "notifications"),
        ("delivery.queued", None, "release-due-notifications", None),
        ("delivery.sending", None, "deliver-email", "email.queue"),
        ("delivery.queued", "unavailable", "deliver-email", "email.queue"),
        ("delivery.sending", None, "deliver-email", "email.queue"),
        ("delivery.sent", None, "deliver-email", "email.queue"),
        ("delivery.delivered", None, "notifications", "notifications"),
    ]
    assert [each.provider for each in steps_of(told)] == [None] * 5 + ["ses"] * 2


def test_urgent_message_names_its_own_queue() -> None:
    told = a_notification(push=a_delivery(("queued", None), ("sending", None)))
    told.priority = "urgent"
    assert [each.queue for each in steps_of(told)] == ["notifications", "push.urgent.queue"]


def test_inbox_needs_no_queue() -> None:
    told = a_notification(**{INBOX: a_delivery(("delivered", None))})
    assert outcome(told, INBOX) == ("delivered", None, "It is in the person's inbox.")


@pytest.mark.parametrize("status", [each.value for each in DeliveryStatus])
@pytest.mark.parametrize("reason", [None, "timeout"])
@pytest.mark.parametrize("channel", [INBOX, *(each.value for each in Channel)])
def test_every_status_has_a_sentence(channel: str, status: str, reason: str | None) -> None:
    sentence = outcome(a_notification(**{channel: a_delivery((status, reason))}), channel)[2]
    assert sentence.endswith(".")
    assert "not known" not in sentence
    assert "{" not in sentence


@pytest.mark.parametrize(
    ("changes", "function"),
    [
        ({"dedupe_key": "send:x:7"}, None),
        ({"dedupe_key": "digest:x:7"}, "send-digests"),
        ({"campaign_id": "9" * 24}, "campaigns"),
        ({"kind": "order.status_update"}, "order-updates"),
        ({"kind": "product.price_dropped"}, "tell-followers"),
        ({}, "notifications"),
    ],
)
def test_the_cause_tells_which_function_stored_it(
    changes: dict[str, Any], function: str | None
) -> None:
    told = a_notification()
    for name, value in changes.items():
        setattr(told, name, value)
    assert creator_of(told).function == function
