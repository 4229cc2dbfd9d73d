"""Circuit breakers, shared in Redis, or separate without it."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.integration.builders import at_once
from tests.waiting import eventually
from tidings.platform.caching import cache
from tidings.platform.providers import breaker
from tidings.platform.providers.breaker import guarded
from tidings.platform.providers.failures import CircuitOpen, PermanentFailure, TemporaryFailure
from tidings.platform.timing.clock import new_id


@pytest.fixture(params=["with Redis", "without Redis"])
def provider(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A provider without calls so far; its times are longer than a test."""
    monkeypatch.setattr(breaker, "OPEN_SECONDS", 600.0)
    monkeypatch.setattr(breaker, "WINDOW_SECONDS", 600.0)
    monkeypatch.setattr(breaker._resting, "_until", 0.0)
    breaker._seen.clear()
    if request.param == "without Redis":
        monkeypatch.setattr(
            cache, "client", lambda: redis.Redis(port=9, retry=Retry(NoBackoff(), 0))
        )
    yield f"provider-{new_id()}"
    breaker._seen.clear()


def fail(provider: str, failure: Exception | None = None) -> None:
    with pytest.raises(TemporaryFailure) as failed, guarded(provider):
        raise failure or TemporaryFailure("unavailable")
    assert not isinstance(failed.value, CircuitOpen)


def call(provider: str) -> bool:
    """Return whether the provider was called."""
    try:
        with guarded(provider):
            return True
    except CircuitOpen:
        return False


def opened(provider: str) -> None:
    for _ in range(breaker.FAILURES):
        fail(provider)
    assert not call(provider)


def time_passes(provider: str) -> None:
    """End the time for which the circuit is open."""
    if provider in breaker._seen:
        breaker._seen[provider].open_until = 0.0
    else:
        assert breaker._redis("return redis.call('PEXPIRE', KEYS[2], 1)", provider) == 1
        eventually(lambda: breaker._redis("return redis.call('PTTL', KEYS[2])", provider) <= 0)


def test_some_failures_do_not_open(provider: str) -> None:
    for _ in range(breaker.FAILURES - 1):
        fail(provider)
    assert call(provider)


def test_many_failures_open_it_with_the_time_to_wait(provider: str) -> None:
    opened(provider)
    with pytest.raises(CircuitOpen) as refused, guarded(provider):
        pytest.fail("the provider was called")
    assert 0 < refused.value.retry_after <= breaker.OPEN_SECONDS
    assert refused.value.retryable


def test_success_of_the_trial_closes_it(provider: str) -> None:
    opened(provider)
    time_passes(provider)
    assert call(provider)
    for _ in range(breaker.FAILURES - 1):
        fail(provider)
    assert call(provider)


def test_failure_of_the_trial_opens_it_again_at_once(provider: str) -> None:
    opened(provider)
    time_passes(provider)
    fail(provider)
    assert not call(provider)


def test_failures_not_caused_by_the_provider_do_not_count(provider: str) -> None:
    for _ in range(breaker.FAILURES * 2):
        fail(provider, TemporaryFailure("mailbox_busy", of_provider=False))
        with pytest.raises(PermanentFailure), guarded(provider):
            raise PermanentFailure("rejected")
    assert call(provider)


def test_providers_are_separate(provider: str) -> None:
    opened(provider)
    assert call(f"{provider}-other")


def test_state_is_shared_and_one_environment_at_a_time_tries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(breaker, "OPEN_SECONDS", 600.0)
    monkeypatch.setattr(breaker, "TRIAL_SECONDS", 600.0)
    monkeypatch.setattr(breaker._resting, "_until", 0.0)
    provider = f"provider-{new_id()}"
    opened(provider)
    breaker._seen.clear()  # as another environment, which saw no failure itself
    assert not call(provider)
    time_passes(provider)
    asked = at_once([lambda: breaker._ask(provider)] * 6)
    assert sum(wait < 0 for wait in asked) == 1
    assert all(wait > 0 for wait in asked if wait >= 0)


def test_closed_circuit_is_asked_for_a_few_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    provider, clock, asked, honest = f"provider-{new_id()}", [1_000.0], list[str](), breaker._redis

    def count(script: str, provider: str, *arguments: int) -> Any:
        asked.append(script)
        return honest(script, provider, *arguments)

    monkeypatch.setattr(breaker._resting, "_until", 0.0)
    monkeypatch.setattr(breaker, "_redis", count)
    monkeypatch.setattr(breaker, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    assert all(call(provider) for _ in range(5))
    assert asked == [breaker._ASK]
    for _ in range(breaker.FAILURES):  # in another environment
        honest(breaker._FAIL, provider, breaker.FAILURES, 600_000, 600_000, 3600)
    assert call(provider)
    clock[0] += breaker.CLOSED_FOR_SECONDS
    assert not call(provider)


def test_failure_lets_the_circuit_be_asked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = f"provider-{new_id()}"
    monkeypatch.setattr(breaker._resting, "_until", 0.0)
    monkeypatch.setattr(breaker, "CLOSED_FOR_SECONDS", 3600.0)
    assert call(provider)
    opened(provider)


def test_number_of_closed_circuits_in_memory_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker._resting, "_until", 0.0)
    monkeypatch.setattr(breaker, "MAX_CLOSED", 3)
    assert all(call(f"provider-{new_id()}") for _ in range(8))
    assert len(breaker._closed) <= 3
