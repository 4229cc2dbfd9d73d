"""A runner that refuses changes: deployments fail with the reason, and the old code still runs."""

import contextlib
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from tests.faults import stack
from tests.waiting import eventually

NAME = "refused-deployments"
ROLE = "arn:aws:iam::000000000000:role/tidings-test"
DELAYS = {"Delay": 1, "MaxAttempts": 60}


def client(service: str) -> Any:
    """Return a client of LocalStack's own address; the public address is the front door's."""
    connect: Any = boto3.client
    return connect(
        service,
        endpoint_url=f"http://127.0.0.1:{stack.port_of('localstack')}",
        region_name="us-east-1",
        aws_access_key_id="000000000000",
        aws_secret_access_key="none",
        config=Config(retries={"total_max_attempts": 1}),
    )


def zipped(answer: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", f"def handler(event, context):\n    return {answer!r}\n")
    return content.getvalue()


@pytest.fixture
def functions() -> Iterator[Any]:
    """Return Lambda's API, with a function whose code answers `old`."""
    api = client("lambda")
    given = {"Runtime": "python3.11", "Handler": "app.handler", "Role": ROLE}
    api.create_function(FunctionName=NAME, Code={"ZipFile": zipped("old")}, **given)
    api.get_waiter("function_active_v2").wait(FunctionName=NAME, WaiterConfig=DELAYS)
    yield api
    api.delete_function(FunctionName=NAME)


@contextlib.contextmanager
def frozen_runner() -> Iterator[None]:
    stack.freeze("runner")
    try:
        yield
    finally:
        stack.thaw("runner")


def update(functions: Any, archive: bytes) -> None:
    functions.update_function_code(FunctionName=NAME, ZipFile=archive)
    functions.get_waiter("function_updated_v2").wait(FunctionName=NAME, WaiterConfig=DELAYS)


def answer(functions: Any) -> str:
    said: str = json.load(functions.invoke(FunctionName=NAME)["Payload"])
    return said


def test_code_that_the_runner_refuses_is_not_deployed(functions: Any) -> None:
    new, before = zipped("new"), functions.get_function_configuration(FunctionName=NAME)
    with frozen_runner():
        with pytest.raises(WaiterError):
            update(functions, new)
        described = functions.get_function_configuration(FunctionName=NAME)
        assert "the runner refused" in described["LastUpdateStatusReason"]
        assert described["State"] == "Active"
        assert described["CodeSha256"] == before["CodeSha256"]
        with pytest.raises(ClientError, match=r"ServiceUnavailable.*the runner refused"):
            deploy_routes()
    assert answer(functions) == "old"
    eventually(lambda: _updates(functions, new), what="an update")
    assert answer(functions) == "new"
    deploy_routes()


def deploy_routes() -> None:
    """Deploy the unchanged API to no stage."""
    api = client("apigateway")
    (tidings,) = [each for each in api.get_rest_apis()["items"] if each["id"] == "tidings"]
    api.create_deployment(restApiId=tidings["id"])


def _updates(functions: Any, archive: bytes) -> bool:
    try:
        update(functions, archive)
    except WaiterError:  # the runner has not received everything yet
        return False
    return True
