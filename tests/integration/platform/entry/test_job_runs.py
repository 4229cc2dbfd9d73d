"""A job runs once for its scheduled time, and is retried until it has run."""

import multiprocessing
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.integration.builders import at_once
from tidings.platform.entry.job import scheduled_job
from tidings.platform.storage import job_runs
from tidings.platform.storage.job_runs import (
    DONE_BEFORE,
    RUNNING_ELSEWHERE,
    JobRun,
    Summary,
    failed_runs,
)
from tidings.platform.timing.clock import now

NINE = "2026-11-21T09:00:00Z"
done: list[datetime] = []


def an_invocation(request_id: str, *, seconds: float = 300) -> Any:
    return SimpleNamespace(
        aws_request_id=request_id, get_remaining_time_in_millis=lambda: int(seconds * 1000)
    )


def event(time: str = NINE) -> dict[str, Any]:
    return {"id": "rule-1", "time": time}


@scheduled_job
def job(scheduled_at: datetime) -> Summary:
    done.append(scheduled_at)
    return {"done": len(done)}


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    done.clear()


def test_rule_that_fires_twice_for_one_time_runs_once() -> None:
    assert job(event(), an_invocation("a")) == {"done": 1}
    assert job(event(), an_invocation("b")) == DONE_BEFORE
    assert job(event("2026-11-21T10:00:00+01:00"), an_invocation("c")) == DONE_BEFORE
    assert done == [datetime(2026, 11, 21, 9, tzinfo=UTC)]


def test_another_time_is_another_run() -> None:
    job(event(), an_invocation("a"))
    assert job(event("2026-11-22T09:00:00Z"), an_invocation("b")) == {"done": 2}


def test_run_stores_its_result() -> None:
    job(event(), an_invocation("a"))
    (run,) = JobRun.objects
    assert run.id == f"{__name__}@2026-11-21T09:00:00+00:00"
    assert (run.summary, run.attempts, run.holder) == ({"done": 1}, 1, "a")
    assert run.started_at <= run.finished_at
    assert run.expires_at > now() + timedelta(days=29)


def test_concurrent_rules_run_once() -> None:
    calls = [lambda n=n: job(event(), an_invocation(f"side-{n}")) for n in range(8)]
    answers = at_once(calls)
    assert len(done) == 1
    assert answers.count({"done": 1}) == 1
    assert all(each in ({"done": 1}, DONE_BEFORE, RUNNING_ELSEWHERE) for each in answers)


def test_failed_run_is_repeated_by_the_next_attempt_at_once() -> None:
    failures = [LookupError("no luck")]

    @scheduled_job
    def unlucky(_: datetime) -> Summary:
        if failures:
            raise failures.pop()
        return {"done": 1}

    with pytest.raises(LookupError):
        unlucky(event(), an_invocation("a"))
    assert unlucky(event(), an_invocation("b")) == {"done": 1}
    assert JobRun.objects.get().attempts == 2


def test_run_counts_as_failed_after_its_third_attempt_until_it_is_done() -> None:
    works = False

    @scheduled_job
    def unlucky(_: datetime) -> Summary:
        if works:
            return {"done": 1}
        raise LookupError("no luck")

    counts = []
    for _ in range(4):
        counts.append(failed_runs())
        with pytest.raises(LookupError):
            unlucky(event(), an_invocation("a"))
    assert counts == [0, 0, 0, 1]
    works = True
    assert unlucky(event(), an_invocation("b")) == {"done": 1}
    assert failed_runs() == 0
    assert unlucky(event(), an_invocation("b")) == DONE_BEFORE


def test_third_attempt_counts_only_after_its_lease() -> None:
    until = now() + timedelta(minutes=5)
    _killed_in_the_middle("a", leased_until=until)
    JobRun.objects.update(set__attempts=3, set__repeated_at=now())
    assert failed_runs(until - timedelta(seconds=1)) == 0
    assert failed_runs(until) == 1


def test_running_job_is_not_started_until_its_lease_expires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    an_hour_ago = now() - timedelta(hours=1)
    _killed_in_the_middle("a", leased_until=an_hour_ago + timedelta(minutes=65))
    assert job(event(), an_invocation("b")) == RUNNING_ELSEWHERE
    monkeypatch.setattr(job_runs, "now", lambda: an_hour_ago + timedelta(minutes=66))
    assert job(event(), an_invocation("b")) == {"done": 1}


def test_lambdas_own_retry_takes_over_a_killed_run_at_once() -> None:
    _killed_in_the_middle("a", leased_until=now() + timedelta(minutes=5))
    assert job(event(), an_invocation("a")) == {"done": 1}
    assert job(event(), an_invocation("b")) == DONE_BEFORE


def test_lease_is_the_remaining_time_of_the_invocation() -> None:
    leases: list[datetime] = []

    @scheduled_job
    def looking(_: datetime) -> Summary:
        leases.append(JobRun.objects.get().leased_until - timedelta(seconds=40))
        return {}

    began = now()
    looking(event(), an_invocation("a", seconds=40))
    assert began <= leases[0] <= now()


def test_slow_holder_does_not_finish_a_run_taken_over_by_another() -> None:
    @scheduled_job
    def slow(_: datetime) -> Summary:
        JobRun.objects.update(set__holder="another")
        return {"done": 1}

    slow(event(), an_invocation("a"))
    assert JobRun.objects.get().finished_at is None


def test_killed_job_runs_after_its_lease_expired(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a separate process that is killed by SIGKILL during its work."""
    fork = multiprocessing.get_context("fork")
    works, never = fork.Event(), fork.Event()

    @scheduled_job
    def endless(_: datetime) -> Summary:
        works.set()
        never.wait()
        return {}

    child = fork.Process(target=endless, args=(event(), an_invocation("killed", seconds=300)))
    child.start()
    assert works.wait(60)
    assert job(event(), an_invocation("b")) == RUNNING_ELSEWHERE
    child.kill()
    child.join()
    assert job(event(), an_invocation("b")) == RUNNING_ELSEWHERE
    monkeypatch.setattr(job_runs, "now", lambda: now() + timedelta(seconds=300))
    assert job(event(), an_invocation("b")) == {"done": 1}


def _killed_in_the_middle(holder: str, *, leased_until: datetime) -> None:
    JobRun(
        id=f"{__name__}@2026-11-21T09:00:00+00:00",
        holder=holder,
        leased_until=leased_until,
        started_at=now(),
        expires_at=now() + timedelta(days=30),
    ).save()
