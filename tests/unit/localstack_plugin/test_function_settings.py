from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.localstack_plugin.stand_ins import ACCOUNT, REGION, AwsResponse
from tests.unit.runner.socket_server import SocketServer, serving
from tidings_local.front_door.http import Response

Maker = Callable[..., Any]
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"


@pytest.fixture
def runner(
    make_version: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SocketServer]:
    monkeypatch.setenv("TIDINGS_RUNNER_SOCKET", str(tmp_path / "runner.sock"))
    with serving(tmp_path / "runner.sock") as server:
        yield server


def deploy(**settings: Any) -> None:
    from localstack.services.lambda_.invocation.models import lambda_stores

    function = SimpleNamespace(**{"reserved_concurrent_executions": None, "aliases": {}} | settings)
    lambda_stores[ACCOUNT][REGION].functions["orders"] = function


def answered(
    operation: str, *, service: str = "lambda", status: int = 200, name: str = ARN
) -> AwsResponse:
    from tidings_local.localstack_plugin.function_settings import tell_settings

    context = SimpleNamespace(
        service=SimpleNamespace(service_name=service),
        operation=SimpleNamespace(name=operation),
        service_request={"FunctionName": name},
        account_id=ACCOUNT,
        region=REGION,
        partition="aws",
    )
    response = AwsResponse(status)
    tell_settings(None, context, response)
    return response


@pytest.mark.parametrize("name", ["orders", f"{ACCOUNT}:function:orders", ARN, f"{ARN}:live"])
def test_reserved_concurrency_is_sent(runner: SocketServer, name: str) -> None:
    deploy(reserved_concurrent_executions=3)
    answered("PutFunctionConcurrency", name=name)
    told = {"reserved_concurrency": 3, "aliases": {}}
    assert runner.changes == [("settings", ARN, told)]


def test_aliases_are_sent_with_their_weights(runner: SocketServer) -> None:
    routing = SimpleNamespace(version_weights={"2": 0.25})
    deploy(
        aliases={
            "live": SimpleNamespace(function_version="1", routing_configuration=routing),
            "next": SimpleNamespace(function_version="2", routing_configuration=None),
        }
    )
    answered("UpdateAlias")
    ((_, _, told),) = runner.changes
    assert told["aliases"] == {
        "live": {"version": "1", "weights": {"2": 0.25}},
        "next": {"version": "2", "weights": {}},
    }


def test_settings_are_removed_with_their_function(runner: SocketServer) -> None:
    deploy(reserved_concurrent_executions=0)
    answered("PutFunctionConcurrency")
    from localstack.services.lambda_.invocation.models import lambda_stores

    lambda_stores[ACCOUNT][REGION].functions.clear()
    answered("DeleteFunction", status=204)
    assert runner.changes[-1] == ("settings", ARN, None)


def test_settings_that_the_runner_refuses_fail_the_call(runner: SocketServer) -> None:
    deploy(reserved_concurrent_executions=3)
    runner.answers = [Response(status=500, body=b"no")]
    response = answered("PutFunctionConcurrency")
    assert response.status_code == 503
    assert response.said.endswith("500 no")


@pytest.mark.parametrize(
    ("operation", "others"),
    [
        ("GetFunction", {}),
        ("CreateAlias", {"status": 404}),
        ("CreateAlias", {"service": "kms"}),
    ],
)
def test_other_operations_send_nothing(runner: SocketServer, operation: str, others: Any) -> None:
    deploy()
    answered(operation, **others)
    assert runner.asked == []


def test_answers_without_an_operation_are_ignored(runner: SocketServer) -> None:
    from tidings_local.localstack_plugin.function_settings import tell_settings

    tell_settings(None, SimpleNamespace(service=None, operation=None), None)
    assert runner.asked == []
