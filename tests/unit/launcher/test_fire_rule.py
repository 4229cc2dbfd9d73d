"""A scheduled rule is fired now: every target gets the event that EventBridge would send."""

import io
import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.launcher.aws_mock import mocked
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating.rules import invoke, invoke_rule, rule_names
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack

STACK = Stack("tests", Path("/nowhere"), Ports(41000))
ARN = "arn:aws:lambda:us-east-1:000000000000:function:tidings-"


class Lambda:
    """A Lambda client whose answers a test sets, and which records the invocations."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.payload, self.more = b"null", dict[str, Any]()

    def invoke(self, *, FunctionName: str, Payload: bytes, LogType: str) -> dict[str, Any]:  # noqa: N803
        self.calls.append((FunctionName, json.loads(Payload)))
        return {"Payload": io.BytesIO(self.payload)} | self.more


@pytest.fixture
def functions() -> Lambda:
    return Lambda()


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch, functions: Lambda) -> Iterator[Any]:
    with mocked(monkeypatch, "operating.rules", **{"lambda": functions}) as client:
        yield client("events")


def a_rule(events: Any, name: str, *targets: dict[str, str]) -> str:
    arn = events.put_rule(Name=name, ScheduleExpression="rate(1 minute)")["RuleArn"]
    if targets:
        events.put_targets(Rule=name, Targets=list(targets))
    return str(arn)


def a_target(function: str, **more: str) -> dict[str, str]:
    return {"Id": function, "Arn": f"{ARN}{function}"} | more


def test_rules_are_listed_without_their_prefix(events: Any) -> None:
    for name in ("tidings-outbox-relay", "tidings-digests", "somebody-elses"):
        a_rule(events, name)
    assert rule_names(STACK) == ["digests", "outbox-relay"]


def test_target_gets_the_event_of_a_schedule(events: Any, functions: Lambda) -> None:
    arn = a_rule(events, "tidings-digests", a_target("digests"))
    (done,) = invoke_rule(STACK, "digests", datetime(2026, 11, 27, 12, tzinfo=UTC))
    ((function, event),) = functions.calls
    assert function == f"{ARN}digests"
    assert event["time"] == "2026-11-27T12:00:00Z"
    assert event["resources"] == [arn]
    assert (done.function, done.failed) == ("tidings-digests", False)


def test_target_with_an_input_of_its_own_gets_that(events: Any, functions: Lambda) -> None:
    own = {"job": "digests", "limit": 5}
    a_rule(events, "tidings-digests", a_target("digests", Input=json.dumps(own)))
    invoke_rule(STACK, "digests")
    assert functions.calls == [(f"{ARN}digests", own)]


def test_every_target_is_called_with_an_event_of_its_own(events: Any, functions: Lambda) -> None:
    a_rule(events, "tidings-digests", a_target("one"), a_target("two"))
    for _ in range(2):
        assert len(invoke_rule(STACK, "digests")) == 2
    ids = [event["id"] for _, event in functions.calls]
    assert ids[0] == ids[1] != ids[2] == ids[3]


def test_rule_without_a_target_calls_nothing(events: Any, functions: Lambda) -> None:
    a_rule(events, "tidings-digests")
    assert invoke_rule(STACK, "digests") == []
    assert functions.calls == []


@pytest.mark.parametrize("name", ["nothing", "tidings-digests", "Digests", "", None])
def test_unknown_rule_is_refused_with_the_list_of_all(
    events: Any, functions: Lambda, name: str | None
) -> None:
    a_rule(events, "tidings-digests", a_target("digests"))
    with pytest.raises(LauncherError) as told:
        invoke_rule(STACK, name)
    assert told.value.hint == "rules: digests"
    assert functions.calls == []


def test_missing_name_is_asked_for(events: Any) -> None:
    with pytest.raises(LauncherError, match="RULE is missing") as told:
        invoke_rule(STACK, None)
    assert told.value.hint == "rules: none"


# ------------------------------------------------------------------------- the answer


def test_answer_and_log_of_a_function_are_returned(events: Any, functions: Lambda) -> None:
    functions.payload = b'{"sent": 3}'
    functions.more = {"LogResult": b64encode("gesendet: 3 Stück".encode()).decode()}
    done = invoke(STACK, f"{ARN}digests", {})
    assert (done.result, done.failed, done.log) == ({"sent": 3}, False, "gesendet: 3 Stück")


def test_failure_of_a_function_is_reported(events: Any, functions: Lambda) -> None:
    functions.payload = b'{"errorMessage": "no"}'
    functions.more = {"FunctionError": "Unhandled"}
    done = invoke(STACK, "tidings-digests", {})
    assert (done.failed, done.result["errorMessage"]) == (True, "no")


@pytest.mark.parametrize("payload", [b"", b"null"])
def test_answer_may_be_null(events: Any, functions: Lambda, payload: bytes) -> None:
    functions.payload = payload
    assert invoke(STACK, "tidings-digests", {}).result is None


def test_log_that_was_cut_within_a_character_is_shown(events: Any, functions: Lambda) -> None:
    functions.more = {"LogResult": b64encode("Stück".encode()[:3]).decode()}
    assert invoke(STACK, "tidings-digests", {}).log == "St\ufffd"
