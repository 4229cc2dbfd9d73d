from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.platform.builders import CONTEXT
from tidings.platform.context import correlation_id
from tidings.platform.entry import invocation, job
from tidings.platform.entry.job import Summary, scheduled_job

EVENT: dict[str, Any] = {"id": "53dc4d37", "time": "2026-11-21T09:00:00Z"}


@pytest.fixture(autouse=True)
def every_run_is_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat every run as the first; the integration tests use the record in MongoDB."""
    monkeypatch.setattr(job, "run_once", lambda _job, _time, work, **_: work())


def test_job_gets_its_scheduled_time() -> None:
    times: list[datetime] = []

    @scheduled_job
    def handler(scheduled_at: datetime) -> Summary:
        times.append(scheduled_at)
        return {"done": 3}

    assert handler(EVENT, CONTEXT) == {"done": 3}
    assert times == [datetime(2026, 11, 21, 9, tzinfo=UTC)]


def test_job_is_correlated_by_its_events_id() -> None:
    ids: list[str | None] = []

    @scheduled_job
    def handler(_: datetime) -> Summary:
        ids.append(correlation_id())
        return {}

    handler(EVENT, CONTEXT)
    handler({"time": EVENT["time"]}, CONTEXT)
    assert ids[0] == "53dc4d37"
    assert ids[1]


def test_error_is_raised_to_lambda_and_stored_events_are_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    published: list[str] = []
    monkeypatch.setattr(invocation, "publish_stored", lambda: published.append("once"))

    @scheduled_job
    def handler(_: datetime) -> Summary:
        raise LookupError("no luck")

    with pytest.raises(LookupError):
        handler(EVENT, CONTEXT)
    assert published == ["once"]
    assert correlation_id() is None


@pytest.mark.parametrize("event", [{}, {"time": "soon"}])
def test_event_without_a_time_is_an_error(event: dict[str, str]) -> None:
    @scheduled_job
    def handler(_: datetime) -> Summary:
        raise AssertionError("the job must not run")

    with pytest.raises((KeyError, ValueError)):
        handler(event, CONTEXT)
