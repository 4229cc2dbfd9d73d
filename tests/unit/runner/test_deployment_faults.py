"""A snapshot or a change from LocalStack is applied completely or not at all."""

from typing import Any

import pytest

from tests.unit.runner.builders import PREFIX, Told, a_function
from tests.unit.runner.test_deployment import change, put, snapshot
from tidings_local.lambda_host import Function
from tidings_local.runner.deployment import Deployment, OutOfStepError
from tidings_local.runner.forms import ALL, FunctionSettings, Snapshot, settings_form
from tidings_local.runner.registry import Registry, UnknownFunctionError

ARN = f"{PREFIX}:orders"
ROUTES = [{"api_id": "tidings"}]


class Faulty(Told):
    """Fails where a test sets a fault."""

    fault: str = ""

    def prepare(self, function: Function) -> None:
        if self.fault == function.name:
            raise OSError("its code is gone")
        self.prepared.append(function)

    def route(self, stages: Any) -> None:
        if self.fault == "routes":
            raise TypeError("no list of stages")
        self.routed.append(stages)


@pytest.fixture
def told() -> Faulty:
    return Faulty()


@pytest.fixture
def deployment(told: Faulty) -> Deployment:
    made = Deployment(Registry(), told.prepare, told.retired.append, told.route)
    before = snapshot(a_function(), number=4)
    before.apply("settings", ARN, settings_form(FunctionSettings(reserved_concurrency=1)))
    before.apply("rest_apis", ALL, ROUTES)
    made.replace(before)
    return made


def assert_as_before(deployment: Deployment, told: Faulty) -> None:
    """Check that nothing has changed, and that the next change is accepted."""
    found = deployment.registry.find("orders")
    assert (found.function.revision, found.reserved_concurrency) == ("1", 1)
    assert set(deployment.registry.functions) == {f"{ARN}:$LATEST"}
    assert told.routed == [ROUTES]
    assert told.retired == []
    told.fault = ""
    deployment.change(put(5, a_function(revision="2")))
    assert deployment.registry.find("orders").function.revision == "2"


def everything(**items: Any) -> Snapshot:
    made = snapshot(a_function(revision="9"), a_function("products"), session="another")
    for kind, value in items.items():
        made.items[kind] = value  # type: ignore[index]
    return made


@pytest.mark.parametrize(
    "unreadable",
    [
        {"settings": {ARN: {"reserved_concurrency": 1}}},
        {"settings": {ARN: {"reserved_concurrency": 1, "aliases": {"live": {"of_later": 1}}}}},
        {"settings": {ARN: None}},
        {"functions": {ARN: {"name": "half"}}},
        {"functions": ["no mapping"]},
        {"rest_apis": ["no mapping"]},
    ],
)
def test_snapshot_with_one_unreadable_part_changes_nothing(
    deployment: Deployment, told: Faulty, unreadable: dict[str, Any]
) -> None:
    with pytest.raises((KeyError, TypeError, AttributeError)):
        deployment.replace(everything(**unreadable))
    assert_as_before(deployment, told)


@pytest.mark.parametrize("kind", ["functions", "settings", "rest_apis"])
def test_snapshot_of_another_version_without_a_kind_changes_nothing(
    deployment: Deployment, told: Faulty, kind: str
) -> None:
    made = everything()
    del made.items[kind]  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        deployment.replace(made)
    assert_as_before(deployment, told)


def test_snapshot_whose_routes_are_refused_changes_no_function(
    deployment: Deployment, told: Faulty
) -> None:
    told.fault = "routes"
    with pytest.raises(TypeError):
        deployment.replace(everything())
    assert_as_before(deployment, told)


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("layers", ALL, ["of a later version"]),
        ("layers", ALL, None),
        ("settings", ARN, {"aliases": {}}),
        ("functions", f"{ARN}:$LATEST", {}),
    ],
)
def test_unreadable_change_changes_nothing(
    deployment: Deployment, told: Faulty, kind: Any, key: str, value: Any
) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        deployment.change(change(5, kind, key, value))
    assert_as_before(deployment, told)


@pytest.mark.parametrize(
    ("fault", "kind", "value"), [("routes", "rest_apis", [1]), ("products", "functions", None)]
)
def test_refused_change_can_be_sent_again(
    deployment: Deployment, told: Faulty, fault: str, kind: Any, value: Any
) -> None:
    told.fault = fault
    refused = put(5, a_function("products")) if value is None else change(5, kind, ALL, value)
    with pytest.raises((OSError, TypeError)):
        deployment.change(refused)
    with pytest.raises(OutOfStepError):
        deployment.change(put(6, a_function(revision="6")))
    assert_as_before(deployment, told)


def test_change_sent_twice_is_applied_once(deployment: Deployment, told: Faulty) -> None:
    """The answer to the first request was lost."""
    again = put(5, a_function(revision="2"))
    deployment.change(again)
    with pytest.raises(OutOfStepError):
        deployment.change(again)
    assert len(told.retired) == 1


def test_snapshot_equal_to_the_applied_changes_ends_no_environment(
    deployment: Deployment, told: Faulty
) -> None:
    """A restarted runner would get this snapshot."""
    deployment.change(put(5, a_function("products")))
    deployment.change(change(6, "functions", f"{ARN}:$LATEST", None))
    deployment.change(change(7, "settings", ARN, None))
    deployment.change(change(8, "rest_apis", ALL, None))
    told.retired.clear()
    deployment.replace(snapshot(a_function("products"), session="another"))
    assert deployment.known is not None
    assert deployment.known.session == "another"
    assert told.retired == []
    assert told.routed[-2:] == [[], []]
    with pytest.raises(UnknownFunctionError):
        deployment.registry.find("orders")


def test_settings_may_arrive_before_their_function(deployment: Deployment) -> None:
    arn = f"{PREFIX}:products"
    form = settings_form(FunctionSettings(reserved_concurrency=3))
    deployment.change(change(5, "settings", arn, form))
    deployment.change(put(6, a_function("products")))
    assert deployment.registry.find("products").reserved_concurrency == 3


def test_function_that_is_removed_and_created_again_keeps_no_revision(
    deployment: Deployment, told: Faulty
) -> None:
    deployment.change(change(5, "functions", f"{ARN}:$LATEST", None))
    deployment.change(put(6, a_function()))
    assert [key.revision for key in told.retired] == ["1"]
    deployment.change(change(7, "functions", f"{ARN}:9", None))
    assert len(told.retired) == 1, "removing an unknown version must end no environment"
