"""Tests of Lambda's rules for asynchronous invocations."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from tests.unit.runner.builders import an_outcome
from tests.unit.runner.events.builders import ARN, QUEUE, an_event
from tidings_local.lambda_host import HostStoppedError, Invocation, Outcome, ThrottledError
from tidings_local.runner.calls import ReservedConcurrencyError
from tidings_local.runner.events.attempts import MESSAGE_ATTEMPTS, Attempts, Later
from tidings_local.runner.events.event import Event
from tidings_local.runner.events.messages import NotSentError
from tidings_local.runner.events.rules import EventRules
from tidings_local.runner.registry import UnknownFunctionError

NOW = 1000.0
HOURS = 3600
FAILED = an_outcome(is_error=True, payload=b'{"errorMessage": "no"}')


@dataclass
class World:
    """Answers calls and accepts messages as a test sets."""

    result: Outcome | Exception = field(default_factory=an_outcome)
    is_away: bool = False
    called: list[tuple[str, Invocation]] = field(default_factory=list)
    seconds: float = 0.0
    """The duration of a call, and of a message."""
    now: float = NOW
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def call(self, function: str, invocation: Invocation) -> Outcome:
        self.called.append((function, invocation))
        self.now += self.seconds
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    async def send(self, event: Event) -> None:
        self.now += self.seconds
        if self.is_away:
            raise NotSentError("LocalStack is unavailable")
        self.sent += event.messages

    def attempt(self, event: Event, now: float = NOW) -> Later | None:
        self.now = now
        return asyncio.run(Attempts(self.call, self.send, lambda: self.now).make(event))


def test_event_is_finished_after_its_function_succeeded() -> None:
    world = World()
    assert world.attempt(an_event()) is None
    ((function, invocation),) = world.called
    assert (function, invocation.payload, invocation.request_id) == (ARN, b'{"a": 1}', "r-1")
    assert world.sent == []


def test_failed_function_is_called_again_after_one_and_two_minutes() -> None:
    world, event, waits = World(FAILED), an_event(), []
    while later := world.attempt(event):
        waits.append(later.due - NOW)
        event = later.event
    assert waits == [60, 120]
    assert len(world.called) == 3


@pytest.mark.parametrize(
    ("result", "pauses"), [(FAILED, [60, 120]), (ThrottledError(ARN, 10), [1, 2])]
)
def test_pause_begins_at_the_end_of_a_long_call(
    result: Outcome | Exception, pauses: list[float]
) -> None:
    world, event = World(result, seconds=300), an_event()
    for pause in pauses:
        later = world.attempt(event)
        assert later
        assert later.due == NOW + 300 + pause
        event = later.event


def test_message_that_localstack_refuses_late_is_sent_after_a_pause() -> None:
    world = World(is_away=True, seconds=30)
    later = world.attempt(an_event(messages=[{"target": QUEUE}]))
    assert later
    assert later.due == NOW + 30 + 1


def test_event_that_expires_during_its_call_is_not_called_again() -> None:
    world = World(FAILED, seconds=100)
    assert world.attempt(an_event(EventRules(max_age_seconds=120, on_failure=QUEUE))) is None
    assert world.sent[0]["body"]["requestContext"]["condition"] == "EventAgeExceeded"


@pytest.mark.parametrize("retries", [0, 1])
def test_number_of_retries_is_a_setting_of_the_function(retries: int) -> None:
    world = World(FAILED)
    later = world.attempt(an_event(EventRules(retries=retries)))
    assert (later is not None) == (retries > 0)


def test_failed_event_is_sent_to_its_destination_and_dead_letter_queue() -> None:
    world = World(FAILED)
    rules = EventRules(retries=2, on_failure=QUEUE, dead_letters="arn:dead")
    assert world.attempt(an_event(rules, failures=2)) is None
    told, dead = world.sent
    assert told["target"] == QUEUE
    assert told["detail_type"] == "Lambda Function Invocation Result - Failure"
    record = told["body"]
    assert record["requestContext"] == {
        "requestId": "r-1",
        "functionArn": ARN,
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["requestPayload"] == {"a": 1}
    assert record["responsePayload"] == {"errorMessage": "no"}
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert (dead["dead_letters"], dead["body"]) == ("arn:dead", {"a": 1})
    assert orjson.loads(dead["error"]) == {"errorMessage": "no"}


def test_success_is_sent_to_its_destination() -> None:
    world = World()
    rules = EventRules(on_success=QUEUE, on_failure="arn:other", dead_letters="arn:dead")
    assert world.attempt(an_event(rules)) is None
    (told,) = world.sent
    assert told["target"] == QUEUE
    assert told["body"]["requestContext"]["condition"] == "Success"
    assert told["body"]["responsePayload"] == "done"


def test_expired_event_is_not_called() -> None:
    world = World()
    event = an_event(EventRules(max_age_seconds=60, on_failure=QUEUE))
    assert world.attempt(event, NOW + 61) is None
    assert world.called == []
    (told,) = world.sent
    assert told["body"]["requestContext"]["condition"] == "EventAgeExceeded"
    assert "responsePayload" not in told["body"]


def test_retry_after_the_expiry_is_not_made() -> None:
    event = an_event(EventRules(max_age_seconds=60, on_failure=QUEUE))
    world = World(FAILED)
    assert world.attempt(event, NOW + 1) is None
    assert world.sent[0]["body"]["requestContext"]["condition"] == "EventAgeExceeded"


def test_throttled_event_waits_longer_each_time_and_keeps_its_retries() -> None:
    world, event, waits = World(ThrottledError(ARN, 10)), an_event(), []
    for _ in range(10):
        later = world.attempt(event)
        assert later
        waits.append(later.due - NOW)
        event = later.event
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert event.failures == 0


def test_function_with_concurrency_zero_gets_no_event() -> None:
    world = World(ReservedConcurrencyError(ARN, 0))
    assert world.attempt(an_event(EventRules(on_failure=QUEUE))) is None
    assert world.sent[0]["body"]["requestContext"]["condition"] == "ZeroReservedConcurrency"
    world.result = ReservedConcurrencyError(ARN, 1)
    assert world.attempt(an_event()) is not None


@pytest.mark.parametrize("error", [UnknownFunctionError(ARN), HostStoppedError()])
def test_event_waits_for_a_function_that_is_being_redeployed(error: Exception) -> None:
    later = World(error).attempt(an_event(), NOW + 5 * HOURS)
    assert later
    assert later.due <= NOW + 5 * HOURS + 2
    assert World(error).attempt(an_event(), NOW + 7 * HOURS) is None


def test_messages_wait_for_localstack_and_the_function_is_not_called_again() -> None:
    world = World(is_away=True)
    later = world.attempt(an_event(EventRules(on_success=QUEUE)))
    assert later
    world.is_away = False
    assert world.attempt(later.event, later.due) is None
    assert len(world.called) == 1
    assert [each["target"] for each in world.sent] == [QUEUE]


def test_messages_that_are_never_accepted_are_dropped(caplog: pytest.LogCaptureFixture) -> None:
    event = an_event(refusals=MESSAGE_ATTEMPTS, messages=[{"target": QUEUE}])
    assert World(is_away=True).attempt(event) is None
    assert "messages of an event were lost" in caplog.text
