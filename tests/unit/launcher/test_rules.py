"""Tests of the event that a scheduled rule sends."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tidings_local.launcher.operating.rules import scheduled_event
from tidings_local.launcher.settings import ROOT

IN_BERLIN = timezone(timedelta(hours=1))
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


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        (datetime(2026, 11, 27, 12, 0, tzinfo=UTC), "2026-11-27T12:00:00Z"),
        (datetime(2026, 11, 27, 12, 0), "2026-11-27T12:00:00Z"),  # noqa: DTZ001
        (
            datetime(2026, 11, 27, 13, 0, tzinfo=timezone(timedelta(hours=1))),
            "2026-11-27T12:00:00Z",
        ),
    ],
)
def test_given_time_is_sent_in_utc(said: datetime, sent: str) -> None:
    assert scheduled_event(ARN, said)["time"] == sent


def test_event_has_the_fields_of_the_samples_for_jobs() -> None:
    sample = json.loads((ROOT / "events/lambda/relay_outbox.json").read_text())
    event = scheduled_event(sample["resources"][0], datetime.fromisoformat(sample["time"]))
    assert event | {"id": sample["id"]} == sample
