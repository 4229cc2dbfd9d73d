"""The event that a scheduled rule sends."""

from datetime import UTC, datetime

from tidings_local.launcher.rules import scheduled_event

ARN = "arn:aws:events:us-east-1:000000000000:rule/tidings-daily-order-status"


def test_the_event_has_exactly_eventbridges_fields() -> None:
    event = scheduled_event(ARN, datetime(2026, 11, 21, 9, 0, tzinfo=UTC))
    identifier = event.pop("id")
    assert len(identifier) == 36
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2026-11-21T09:00:00Z",
        "region": "us-east-1",
        "resources": [ARN],
        "detail": {},
    }


def test_each_event_has_its_own_id() -> None:
    assert scheduled_event(ARN)["id"] != scheduled_event(ARN)["id"]
