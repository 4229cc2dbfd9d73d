"""The transitions of a delivery: the table in docs/delivery.md, and forbidden transitions."""

import re
from typing import Any

import pytest

from tests.contract.project import ROOT
from tidings.delivery import states
from tidings.delivery.models import Channel, Delivery, DeliveryStatus, Notification
from tidings.delivery.states import BY_DECISION, Change, Transition
from tidings.platform.timing.clock import now

TRANSITIONS = {name: each for name, each in vars(states).items() if isinstance(each, Transition)}
FINAL = {DeliveryStatus.SUPPRESSED, DeliveryStatus.CANCELLED}


def test_docs_list_the_transitions() -> None:
    page = (ROOT / "docs" / "delivery.md").read_text()
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+) \| `(\w+)` \|$", page, re.MULTILINE)
    told = {name: (tuple(re.findall(r"\w+", after)), reached) for name, after, reached in rows}
    assert told == {
        name: (tuple(after.value for after in each.after), each.reached.value)
        for name, each in TRANSITIONS.items()
    }


def test_every_status_can_be_reached_and_final_ones_have_no_transition() -> None:
    assert {each.reached for each in TRANSITIONS.values()} == set(DeliveryStatus)
    left = {after for each in TRANSITIONS.values() for after in each.after}
    assert left == set(DeliveryStatus) - FINAL


def test_only_a_claim_leads_to_sending() -> None:
    reached = {name for name, each in TRANSITIONS.items() if each.reached is DeliveryStatus.SENDING}
    assert reached == {"CLAIM", "SEND_AGAIN"}
    for name in ("ACCEPT", "REQUEUE", "LOSE"):
        assert TRANSITIONS[name].after == (DeliveryStatus.SENDING,)


def test_message_that_may_have_been_sent_is_not_queued_again() -> None:
    """But a push with a changed text, which replaces the first one on the device."""
    for name, each in TRANSITIONS.items():
        if each.reached in {DeliveryStatus.QUEUED, DeliveryStatus.SENDING} and name != "SEND_AGAIN":
            assert not {DeliveryStatus.SENT, DeliveryStatus.UNKNOWN} & set(each.after)


def test_every_decision_has_a_transition() -> None:
    assert set(BY_DECISION) == {
        DeliveryStatus.QUEUED,
        DeliveryStatus.SCHEDULED,
        DeliveryStatus.SUPPRESSED,
        DeliveryStatus.DELIVERED,
    }


@pytest.mark.parametrize(
    ("read", "transition"),
    [
        (status, each)
        for each in TRANSITIONS.values()
        for status in DeliveryStatus
        if status not in each.after
    ],
)
def test_impossible_transition_is_refused(read: DeliveryStatus, transition: Transition) -> None:
    notification = Notification(deliveries={"email": Delivery(status=read.value)})
    with pytest.raises(ValueError, match=read.value):
        Change(notification, Channel.EMAIL, transition, at=now())


@pytest.mark.parametrize(
    ("channel", "delivery", "notification", "expected"),
    [
        ("push", {"status": "sent"}, {"revision": 1}, True),
        ("push", {"status": "unknown"}, {"revision": 1}, True),
        ("push", {"status": "sent", "revision": 1}, {"revision": 2}, True),
        ("push", {"status": "failed", "provider_message_id": "m-1"}, {"revision": 1}, True),
        ("push", {"status": "sent", "revision": 1}, {"revision": 1}, False),
        ("push", {"status": "sent"}, {}, False),
        ("push", {"status": "sent"}, {"revision": 1, "read_at": now()}, False),
        ("push", {"status": "sent"}, {"revision": 1, "archived_at": now()}, False),
        ("push", {"status": "queued"}, {"revision": 1}, False),
        ("push", {"status": "failed"}, {"revision": 1}, False),
        (
            "push",
            {"status": "failed", "provider_message_id": "m-1", "undeliverable": True},
            {"revision": 1},
            False,
        ),
        *[(each, {"status": "sent"}, {"revision": 1}, False) for each in ("email", "sms")],
        ("webhook", {"status": "sent"}, {"revision": 1}, False),
    ],
)
def test_only_a_push_is_outdated_by_a_changed_text(
    channel: str, delivery: dict[str, Any], notification: dict[str, Any], expected: bool
) -> None:
    stored = Delivery(**delivery)
    found = Notification(deliveries={channel: stored}, **notification)
    assert states.is_outdated(found, channel, stored) is expected
