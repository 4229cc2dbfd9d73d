import pytest

from tests.unit.runner.builders import PREFIX, Told, a_function
from tidings_local.lambda_host import Function
from tidings_local.runner.deployment import Deployment, OutOfStepError
from tidings_local.runner.forms import (
    ALL,
    Change,
    FunctionSettings,
    Kind,
    Snapshot,
    function_form,
    settings_form,
)
from tidings_local.runner.registry import Registry, UnknownFunctionError

ARN = f"{PREFIX}:orders"


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def deployment(told: Told) -> Deployment:
    return Deployment(Registry(), told.prepared.append, told.retired.append, told.routed.append)


def snapshot(*functions: Function, session: str = "s", number: int = 0) -> Snapshot:
    made = Snapshot(session, number)
    for function in functions:
        made.apply("functions", function.arn, function_form(function))
    return made


def change(number: int, kind: Kind, key: str, value: object, session: str = "s") -> Change:
    return Change(session, number, kind, key, value)


def put(number: int, function: Function) -> Change:
    return change(number, "functions", function.arn, function_form(function))


def test_nothing_is_deployed_at_first(deployment: Deployment) -> None:
    assert deployment.known is None
    with pytest.raises(OutOfStepError):
        deployment.change(put(1, a_function()))


def test_snapshot_is_deployed(deployment: Deployment, told: Told) -> None:
    everything = snapshot(a_function(), a_function("products"))
    everything.apply("settings", ARN, settings_form(FunctionSettings(reserved_concurrency=1)))
    everything.apply("rest_apis", ALL, [{"api_id": "tidings"}])
    deployment.replace(everything)
    assert deployment.registry.find("orders").reserved_concurrency == 1
    assert deployment.registry.find("products")
    assert [function.name for function in told.prepared] == ["orders", "products"]
    assert told.routed == [[{"api_id": "tidings"}]]


def test_functions_missing_in_a_snapshot_are_removed(deployment: Deployment, told: Told) -> None:
    everything = snapshot(a_function(), a_function("products"))
    everything.apply("settings", ARN, settings_form(FunctionSettings(reserved_concurrency=1)))
    deployment.replace(everything)
    deployment.replace(snapshot(a_function(revision="2"), session="another"))
    assert deployment.registry.find("orders").reserved_concurrency is None
    with pytest.raises(UnknownFunctionError):
        deployment.registry.find("products")
    assert {key.revision for key in told.retired} == {"1"}
    assert len(told.retired) == 2
    assert told.routed[-1] == []


def test_unchanged_functions_keep_running(deployment: Deployment, told: Told) -> None:
    deployment.replace(snapshot(a_function()))
    deployment.replace(snapshot(a_function(), session="another"))
    assert told.retired == []


def test_changes_are_applied_in_order(deployment: Deployment, told: Told) -> None:
    deployment.replace(snapshot(number=7))
    deployment.change(put(8, a_function()))
    deployment.change(put(9, a_function(revision="2")))
    assert deployment.registry.find("orders").function.revision == "2"
    assert [key.revision for key in told.retired] == ["1"]
    deployment.change(change(10, "functions", f"{ARN}:$LATEST", None))
    assert [key.revision for key in told.retired] == ["1", "2"]
    with pytest.raises(UnknownFunctionError):
        deployment.registry.find("orders")


def test_settings_and_stages_change(deployment: Deployment, told: Told) -> None:
    deployment.replace(snapshot(a_function()))
    form = settings_form(FunctionSettings(reserved_concurrency=0))
    deployment.change(change(1, "settings", ARN, form))
    assert deployment.registry.find("orders").reserved_concurrency == 0
    deployment.change(change(2, "settings", ARN, None))
    assert deployment.registry.find("orders").reserved_concurrency is None
    deployment.change(change(3, "rest_apis", ALL, [{"api_id": "tidings"}]))
    assert told.routed[-1] == [{"api_id": "tidings"}]


@pytest.mark.parametrize(("number", "session"), [(2, "s"), (0, "s"), (1, "another")])
def test_change_with_a_wrong_number_is_refused(
    deployment: Deployment, number: int, session: str
) -> None:
    deployment.replace(snapshot())
    function = a_function()
    with pytest.raises(OutOfStepError):
        deployment.change(
            change(number, "functions", function.arn, function_form(function), session)
        )
    assert not deployment.registry.functions


def test_unreadable_change_changes_nothing(deployment: Deployment, told: Told) -> None:
    deployment.replace(snapshot(a_function()))
    unreadable = function_form(a_function(revision="2")) | {"of_another_version": 1}
    with pytest.raises(TypeError):
        deployment.change(change(1, "functions", f"{ARN}:$LATEST", unreadable))
    everything = snapshot(session="another")
    everything.apply("functions", f"{ARN}:$LATEST", unreadable)
    with pytest.raises(TypeError):
        deployment.replace(everything)
    assert deployment.registry.find("orders").function.revision == "1"
    assert told.retired == []
    deployment.change(put(1, a_function(revision="2")))
    assert deployment.registry.find("orders").function.revision == "2"
