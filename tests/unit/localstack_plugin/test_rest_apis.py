"""Tests of the callback; an integration test shows that LocalStack calls it."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.localstack_plugin import stand_ins
from tests.unit.localstack_plugin.test_rest_api_document import RESOURCE, frozen
from tidings_local.front_door.deployed import Deployed


@pytest.fixture
def store(shelf: stand_ins.Shelf) -> Any:
    models = sys.modules["localstack.services.apigateway.models"]
    return models.apigateway_stores["000000000000"]["us-east-1"]


def deploy(store: Any, api_id: str, stage: str, deployment_id: str = "d1") -> None:
    store.internal_deployments.setdefault(api_id, {})[deployment_id] = frozen(RESOURCE)
    store.active_deployments.setdefault(api_id, {})[stage] = deployment_id


def stages_of(deployed: Deployed) -> list[tuple[str, str, str]]:
    return [(each["api_id"], each["stage"], each["deployment_id"]) for each in deployed]


class Announced:
    """Runs the handler that LocalStack's gateway calls after each request; records the results."""

    def __init__(self) -> None:
        from tidings_local.localstack_plugin.rest_apis import on_change

        self.all: list[Deployed] = []
        on_change(self._note)
        (self._handler,) = sys.modules["localstack.aws"].handlers.run_custom_response_handlers

    def _note(self, deployed: Deployed) -> None:
        self.all.append(deployed)

    def after(self, service: str | None, operation: str | None) -> None:
        context = SimpleNamespace(
            service=service and SimpleNamespace(service_name=service),
            operation=operation and SimpleNamespace(name=operation),
        )
        self._handler(None, context, None)


def test_every_stage_of_every_api(store: Any) -> None:
    from tidings_local.localstack_plugin.rest_apis import deployed

    assert deployed() == []
    deploy(store, "tidings", "local")
    deploy(store, "tidings", "test", "d2")
    deploy(store, "other", "local")
    assert stages_of(deployed()) == [
        ("tidings", "local", "d1"),
        ("tidings", "test", "d2"),
        ("other", "local", "d1"),
    ]


def test_stage_without_its_deployment_affects_no_other(
    store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from tidings_local.localstack_plugin.rest_apis import deployed

    deploy(store, "tidings", "local")
    deploy(store, "other", "local")
    del store.internal_deployments["tidings"]["d1"]
    assert stages_of(deployed()) == [("other", "local", "d1")]
    assert "cannot be described" in caplog.text


@pytest.mark.parametrize(
    "operation",
    [
        *("CreateDeployment", "DeleteDeployment", "CreateStage", "UpdateStage", "DeleteStage"),
        "DeleteRestApi",
    ],
)
def test_operations_that_announce_changes(store: Any, operation: str) -> None:
    announced = Announced()
    deploy(store, "tidings", "local")
    announced.after("apigateway", operation)
    assert [stages_of(each) for each in announced.all] == [[("tidings", "local", "d1")]]


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("apigateway", "PutMethod"),
        ("apigateway", "GetStage"),
        ("apigatewayv2", "CreateStage"),
        ("lambda", "Invoke"),
        (None, None),
    ],
)
def test_operations_that_do_not(store: Any, service: str | None, operation: str | None) -> None:
    announced = Announced()
    announced.after(service, operation)
    assert announced.all == []


def test_error_of_the_callback_is_the_answer_of_the_call(
    store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from tidings_local.localstack_plugin.rest_apis import on_change

    def fail(deployed: Deployed) -> None:
        raise OSError("the runner is unavailable")

    on_change(fail)
    (handler,) = sys.modules["localstack.aws"].handlers.run_custom_response_handlers
    context = SimpleNamespace(
        service=SimpleNamespace(service_name="apigateway"),
        operation=SimpleNamespace(name="CreateStage"),
    )
    response = stand_ins.AwsResponse()
    handler(None, context, response)
    assert (response.status_code, response.said) == (503, "the runner is unavailable")
    assert "the old ones stay" in caplog.text
