"""Just as much of LocalStack as the plugin touches: it lives in a virtual environment of its own.

Whether the real one agrees is what tests/integration/test_localstack_lambda.py shows.
"""

import sys
from collections.abc import Callable
from threading import Timer
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

Registered = Callable[..., Any]


class TooManyRequestsException(Exception):
    def __init__(self, message: str, **details: str) -> None:
        super().__init__(message)
        self.details = details


class EmptyPollResultsException(Exception):
    def __init__(self, service: str, source_arn: str) -> None:
        super().__init__(service, source_arn)


class RuntimeExecutor:
    def __init__(self, id: str, function_version: object) -> None:
        self.id = id
        self.function_version = function_version


class ResourceProviderExecutor:
    def deploy_loop(self, max_timeout: float = 300, sleep_time: float = 1) -> float:
        return sleep_time


class InvocationResult(SimpleNamespace):
    def __init__(self, request_id: str, payload: bytes, **rest: object) -> None:
        super().__init__(request_id=request_id, payload=payload, **rest)


class Shelf:
    """The internal S3: what the plugin downloads from it, by key."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.downloads: list[str] = []

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        self.downloads.append(Key)
        return {"Body": SimpleNamespace(read=lambda: self.objects[Key])}


def install(patch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf()
    lambda_ = "localstack.services.lambda_"
    hooks = SimpleNamespace(
        create_event_source_poller=_hook, start_docker_executor=_hook, inject_layer_fetcher=_hook
    )
    modules: dict[str, dict[str, Any]] = {
        "localstack": {},
        "localstack.aws": {},
        "localstack.aws.api": {},
        "localstack.aws.api.lambda_": {"TooManyRequestsException": TooManyRequestsException},
        "localstack.aws.connect": {"connect_to": lambda **_: SimpleNamespace(s3=shelf)},
        "localstack.config": {"INTERNAL_RESOURCE_ACCOUNT": "949334387222"},
        "localstack.constants": {"AWS_REGION_US_EAST_1": "us-east-1"},
        "localstack.packages": {},
        "localstack.packages.api": {},
        "localstack.runtime": {"hooks": SimpleNamespace(on_runtime_create=_hook)},
        "localstack.runtime.shutdown": {"ON_AFTER_SERVICE_SHUTDOWN_HANDLERS": []},
        "localstack.services": {},
        "localstack.services.cloudformation": {},
        "localstack.services.cloudformation.resource_provider": {
            "ResourceProviderExecutor": ResourceProviderExecutor
        },
        lambda_: {"hooks": hooks},
        f"{lambda_}.event_source_mapping": {},
        f"{lambda_}.event_source_mapping.pollers": {},
        f"{lambda_}.event_source_mapping.pollers.poller": {
            "Poller": object,
            "EmptyPollResultsException": EmptyPollResultsException,
        },
        f"{lambda_}.invocation": {"execution_environment": SimpleNamespace(Timer=Timer)},
        f"{lambda_}.invocation.lambda_models": {"InvocationResult": InvocationResult},
        f"{lambda_}.invocation.plugins": {"RuntimeExecutorPlugin": object},
        f"{lambda_}.invocation.runtime_executor": {
            "RuntimeExecutor": RuntimeExecutor,
            "LambdaRuntimeException": RuntimeError,
        },
    }
    for name, content in modules.items():
        module = ModuleType(name)
        vars(module).update(content)
        patch.setitem(sys.modules, name, module)
    for name in [name for name in sys.modules if name.startswith("tidings_local.localstack_")]:
        patch.delitem(sys.modules, name)
    return shelf


def _hook() -> Callable[[Registered], Registered]:
    return lambda registered: registered
