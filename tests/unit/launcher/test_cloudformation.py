"""The stack is created, or the reason of the failure is reported."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tidings_local.launcher.deploying import cloudformation
from tidings_local.launcher.errors import LauncherError


class Engine:
    """A CloudFormation client with given answers; the last one is repeated."""

    def __init__(self, change_sets: list[str], stacks: list[str | None]) -> None:
        self._change_sets, self._stacks = iter(change_sets), iter(stacks)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.events: list[dict[str, str]] = []

    def create_change_set(self, **asked: Any) -> None:
        self.asked.append(("create", asked))

    def execute_change_set(self, **asked: Any) -> None:
        self.asked.append(("execute", asked))

    def describe_change_set(self, **_: Any) -> dict[str, str]:
        return {"Status": next(self._change_sets), "StatusReason": "Runtime nodejs20.x"}

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        status = next(self._stacks)
        if status is None:
            raise ClientError({"Error": {"Code": "ValidationError"}}, "DescribeStacks")
        return {"Stacks": [{"StackStatus": status}]}

    def describe_stack_events(self, **_: Any) -> dict[str, Any]:
        return {"StackEvents": self.events}


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudformation, "POLL_SECONDS", 0)


def event(name: str, status: str, reason: str | None = None) -> dict[str, str]:
    told = {"LogicalResourceId": name, "ResourceStatus": status}
    return told | ({"ResourceStatusReason": reason} if reason else {})


def test_stack_is_created_when_its_change_set_is_ready() -> None:
    engine = Engine(
        ["CREATE_PENDING", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"],
        ["REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"],
    )
    cloudformation.create(engine, "http://template", {"LogLevel": "INFO"})
    (_, created), (step, executed) = engine.asked
    assert created["Parameters"] == [{"ParameterKey": "LogLevel", "ParameterValue": "INFO"}]
    assert created["TemplateURL"] == "http://template"
    assert (step, executed["ChangeSetName"]) == ("execute", created["ChangeSetName"])


def test_refused_template_is_not_executed() -> None:
    engine = Engine(["CREATE_PENDING", "FAILED"], [])
    with pytest.raises(LauncherError, match="refused the template") as refused:
        cloudformation.create(engine, "http://template", {})
    assert refused.value.hint == "Runtime nodejs20.x"
    assert [step for step, _ in engine.asked] == ["create"]


@pytest.mark.parametrize("end", ["CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_failed_stack_is_reported_with_resource_and_reason(end: str) -> None:
    engine = Engine(["CREATE_COMPLETE"], ["CREATE_IN_PROGRESS", end])
    engine.events = [
        event("Good", "CREATE_COMPLETE", "irrelevant"),
        event("Silent", "CREATE_FAILED"),
        event("Gateway", "CREATE_FAILED", "no such role"),
    ]
    with pytest.raises(LauncherError, match=f"ended as {end}") as failed:
        cloudformation.create(engine, "http://template", {})
    assert failed.value.hint == "Gateway: no such role"


def test_failure_without_a_reason_points_to_the_log() -> None:
    engine = Engine(["CREATE_COMPLETE"], ["CREATE_FAILED"])
    with pytest.raises(LauncherError) as failed:
        cloudformation.create(engine, "http://template", {})
    assert "log of localstack" in failed.value.hint


def test_stack_that_disappears_has_failed() -> None:
    engine = Engine(["CREATE_COMPLETE"], ["CREATE_IN_PROGRESS", None])
    with pytest.raises(LauncherError, match="DELETE_COMPLETE"):
        cloudformation.create(engine, "http://template", {})


def forever(status: str) -> Iterator[Any]:
    while True:
        yield status


@pytest.mark.parametrize(
    ("change_set", "stack", "told"),
    [
        ("CREATE_PENDING", "", "created no change set"),
        ("CREATE_COMPLETE", "CREATE_IN_PROGRESS", "made no progress"),
    ],
)
def test_waiting_is_bounded(
    change_set: str, stack: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloudformation, "LIMIT_SECONDS", 0.05)
    engine = Engine([], [])
    engine._change_sets, engine._stacks = forever(change_set), forever(stack)
    with pytest.raises(LauncherError, match=told):
        cloudformation.create(engine, "http://template", {})


def test_creation_that_makes_progress_may_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine once needed more than the limit for the whole stack."""
    monkeypatch.setattr(cloudformation, "LIMIT_SECONDS", 0.01)
    engine = Engine(["CREATE_COMPLETE"], [])
    engine._stacks = forever("CREATE_IN_PROGRESS")
    asked = 0

    def one_more(**_: Any) -> dict[str, Any]:
        nonlocal asked
        asked += 1
        engine.events.append(event(f"Function{asked}", "CREATE_COMPLETE"))
        if asked == 5:
            engine._stacks = iter(["CREATE_COMPLETE"])
        return {"StackEvents": engine.events}

    engine.describe_stack_events = one_more  # type: ignore[method-assign]
    cloudformation.create(engine, "http://template", {})
    assert asked == 5


def test_status_of_a_missing_stack_is_none() -> None:
    assert cloudformation.stack_status(Engine([], [None])) is None
    assert cloudformation.stack_status(Engine([], ["CREATE_COMPLETE"])) == "CREATE_COMPLETE"


@pytest.mark.parametrize("code", ["InternalFailure", "AccessDenied", "ServiceUnavailable"])
def test_unreadable_status_is_not_taken_for_a_missing_stack(code: str) -> None:
    """Otherwise a deployment would try to create an existing stack, and fail."""

    def fail(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code}}, "DescribeStacks")

    engine = Engine([], [])
    engine.describe_stacks = fail  # type: ignore[method-assign,assignment]
    with pytest.raises(ClientError, match=code):
        cloudformation.stack_status(engine)
