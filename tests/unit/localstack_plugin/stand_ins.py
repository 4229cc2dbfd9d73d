"""Stand-ins for the parts of LocalStack that the plugin uses.

tests/integration/test_localstack_lambda.py tests the plugin with the real LocalStack.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Timer
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.unit.localstack_plugin import stand_in_switches

MADE_CLIENTS: list[str] = []
"""The ARNs for which clients of event source mappings were created."""

Registered = Callable[..., Any]

ACCOUNT = "000000000000"
REGION = "us-east-1"

_API_GATEWAY = "localstack.services.apigateway"


class TooManyRequestsException(Exception):
    def __init__(self, message: str, **details: str) -> None:
        super().__init__(message)
        self.details = details


class ServiceException(Exception):
    """The exception that LocalStack answers with 500, and retries in asynchronous invocations."""


class EmptyPollResultsException(Exception):
    def __init__(self, service: str, source_arn: str) -> None:
        super().__init__(service, source_arn)


class RuntimeExecutor:
    def __init__(self, id: str, function_version: object) -> None:
        self.id = id
        self.function_version = function_version


class LambdaEventManager:
    """LocalStack's event manager, which would start a thread that waits for events."""

    def __init__(self, version_manager: Any) -> None:
        self.version_manager = version_manager

    def enqueue_event(self, invocation: Any) -> None:
        raise AssertionError("LocalStack must not keep events")

    def start(self) -> None:
        raise AssertionError("LocalStack must not wait for events")

    stop = stop_for_update = start


class LegacyInvocationException(Exception):
    def __init__(self, message: str, result: str) -> None:
        super().__init__(message)
        self.result = result


class LambdaService:
    def __init__(self) -> None:
        self.lambda_running_versions: dict[str, Any] = {}

    def can_assume_role(self, role_arn: str, region: str) -> bool:
        raise AssertionError(f"asked STS for {role_arn} in {region}")

    def update_version_state(self, function_version: Any, new_state: Any) -> None:
        """Describe the new version, like LocalStack, even if the update failed."""
        version = function_version.id
        function = _LAMBDA_STORE.functions[version.function_name]
        function.versions[version.qualifier] = function_version


@dataclass(frozen=True)
class VersionState:
    state: str
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class UpdateStatus:
    status: str
    code: str | None = None
    reason: str | None = None


class CommonServiceException(Exception):
    def __init__(self, code: str, message: str, status_code: int) -> None:
        super().__init__(message)
        self.code = code
        self.status_code = status_code


class AwsResponse:
    def __init__(self, status_code: int = 200, said: str = "") -> None:
        self.status_code = status_code
        self.said = said

    def update_from(self, other: "AwsResponse") -> None:
        self.status_code, self.said = other.status_code, other.said


def _create_exception_response(error: CommonServiceException, _context: object) -> AwsResponse:
    return AwsResponse(error.status_code, str(error))


class ResourceProviderExecutor:
    def deploy_loop(self, max_timeout: float = 300, sleep_time: float = 1) -> float:
        return sleep_time


class InvocationResult(SimpleNamespace):
    def __init__(self, request_id: str, payload: bytes, **rest: object) -> None:
        super().__init__(request_id=request_id, payload=payload, **rest)


class ApiGatewayStore:
    def __init__(self) -> None:
        self.active_deployments: dict[str, dict[str, str]] = {}
        self.internal_deployments: dict[str, dict[str, Any]] = {}


def _get_stage_configuration(
    account_id: str, region: str, api_id: str, stage_name: str
) -> dict[str, Any]:
    return {"stageName": stage_name, "variables": None}


class ExecutionEnvironment:
    """Returns the variables that LocalStack would give a container; is never started."""

    def __init__(self, version: Any, *_: object, **__: object) -> None:
        self.function_version = version

    def get_credentials(self) -> dict[str, str]:
        return {"AccessKeyId": "key"}

    def get_environment_variables(self) -> dict[str, str]:
        given = {
            "AWS_ACCESS_KEY_ID": self.get_credentials()["AccessKeyId"],
            "AWS_ENDPOINT_URL": "http://127.0.0.1:19576",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.function_version.id.function_name}",
            "LOCALSTACK_RUNTIME_ID": "x",
        }
        return given | dict(self.function_version.config.environment)


class LogHandler:
    started = 0

    def start_subscriber(self) -> None:
        type(self).started += 1


class LambdaVersionManager:
    def __init__(self, version: Any) -> None:
        self.function_version = version

    def invoke(self, *, invocation: Any) -> Any:
        raise AssertionError("LocalStack's own environments must not be used")


class LambdaStore:
    def __init__(self) -> None:
        self.functions: dict[str, Any] = {}


_LAMBDA_STORE = LambdaStore()


class TraceHeader:
    def ensure_root_exists(self) -> "TraceHeader":
        return self

    ensure_sampled_exists = ensure_parent_exists = ensure_root_exists

    def to_header_str(self) -> str:
        return "Root=1-fresh"


class HttpResponse:
    def __init__(self, response: bytes = b"", mimetype: str = "", status: int = 200) -> None:
        self.response = response
        self.status_code = status


class Router:
    def __init__(self) -> None:
        self.routes: dict[str, Registered] = {}

    def add(self, path: str, endpoint: Registered, methods: Sequence[str] = ("GET",)) -> None:
        self.routes[path] = endpoint


class Shelf:
    """Replaces the internal S3, from which the plugin downloads objects by key."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.downloads: list[str] = []

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        self.downloads.append(Key)
        return {"Body": SimpleNamespace(read=lambda: self.objects[Key])}


def _make_client(arn: str, **_: object) -> SimpleNamespace:
    MADE_CLIENTS.append(arn)
    return SimpleNamespace(get_queue_attributes=lambda **_: arn)


def install(patch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf()
    _LAMBDA_STORE.functions.clear()
    lambda_ = "localstack.services.lambda_"
    hooks = SimpleNamespace(
        create_event_source_poller=_hook,
        delete_function_version=_hook,
        start_docker_executor=_hook,
        inject_layer_fetcher=_hook,
    )
    modules: dict[str, dict[str, Any]] = {
        "localstack": {},
        "localstack.aws": {
            "handlers": SimpleNamespace(
                run_custom_response_handlers=[],
                serve_custom_service_request_handlers=[],
                handle_service_exception=SimpleNamespace(
                    create_exception_response=_create_exception_response
                ),
            )
        },
        "localstack.aws.api": {
            "CommonServiceException": CommonServiceException,
            "RequestContext": object,
        },
        "localstack.aws.api.lambda_": {
            "LastUpdateStatus": SimpleNamespace(Failed="Failed"),
            "State": SimpleNamespace(Active="Active", Failed="Failed"),
            "ServiceException": ServiceException,
            "TooManyRequestsException": TooManyRequestsException,
        },
        "localstack.aws.connect": {"connect_to": lambda **_: SimpleNamespace(s3=shelf)},
        "localstack.aws.spec": {"_get_catalog_filename": lambda: "catalog.dill"},
        "localstack.config": {
            "INTERNAL_RESOURCE_ACCOUNT": "949334387222",
            "LAMBDA_RUNTIME_EXECUTOR": "process",
            "LOCALSTACK_HOST": SimpleNamespace(port=4566),
        },
        "localstack.constants": {
            "AWS_REGION_US_EAST_1": "us-east-1",
            "DEFAULT_AWS_ACCOUNT_ID": "000000000000",
        },
        "localstack.packages": {},
        "localstack.packages.api": {},
        "localstack.http": {"Request": object, "Response": HttpResponse},
        "localstack.runtime": {
            "hooks": SimpleNamespace(on_infra_start=_hook, on_runtime_create=_hook)
        },
        "localstack.runtime.events": {"infra_ready": Event()},
        "localstack.services": {},
        "localstack.services.edge": {"ROUTER": Router()},
        _API_GATEWAY: {},
        f"{_API_GATEWAY}.models": {
            "apigateway_stores": {"000000000000": {"us-east-1": ApiGatewayStore()}}
        },
        f"{_API_GATEWAY}.next_gen": {},
        f"{_API_GATEWAY}.next_gen.execute_api": {},
        f"{_API_GATEWAY}.next_gen.execute_api.moto_helpers": {
            "get_stage_configuration": _get_stage_configuration
        },
        "localstack.services.cloudformation": {},
        "localstack.services.cloudformation.engine": {},
        "localstack.services.cloudformation.engine.v2": {
            "change_set_model_transform": SimpleNamespace(transform_sam=None),
            "change_set_model_visitor": SimpleNamespace(camel_to_snake_case=str.lower),
        },
        "localstack.services.cloudformation.resource_provider": {
            "ResourceProviderExecutor": ResourceProviderExecutor
        },
        "localstack.services.plugins": {"SERVICE_PLUGINS": SimpleNamespace()},
        "localstack.utils": {},
        "localstack.utils.aws": {
            "dead_letter_queue": SimpleNamespace(_send_to_dead_letter_queue=None)
        },
        "localstack.utils.aws.message_forwarding": {"send_event_to_target": None},
        "localstack.utils.files": {},
        lambda_: {"hooks": hooks, "provider": SimpleNamespace(get_internal_client=_make_client)},
        f"{lambda_}.event_source_mapping": {
            "esm_worker_factory": SimpleNamespace(get_internal_client=_make_client)
        },
        f"{lambda_}.event_source_mapping.pollers": {},
        f"{lambda_}.event_source_mapping.pollers.poller": {
            "Poller": object,
            "EmptyPollResultsException": EmptyPollResultsException,
        },
        f"{lambda_}.invocation": {},
        f"{lambda_}.invocation.event_manager": {
            "LambdaEventManager": LambdaEventManager,
            "LegacyInvocationException": LegacyInvocationException,
        },
        f"{lambda_}.invocation.execution_environment": {
            "ExecutionEnvironment": ExecutionEnvironment,
            "Timer": Timer,
        },
        f"{lambda_}.invocation.lambda_service": {"LambdaService": LambdaService},
        f"{lambda_}.invocation.logs": {"LogHandler": LogHandler},
        f"{lambda_}.invocation.models": {"lambda_stores": {ACCOUNT: {REGION: _LAMBDA_STORE}}},
        f"{lambda_}.invocation.version_manager": {"LambdaVersionManager": LambdaVersionManager},
        "localstack.utils.xray": {},
        "localstack.utils.xray.trace_header": {"TraceHeader": TraceHeader},
        f"{lambda_}.invocation.lambda_models": {
            "InvocationResult": InvocationResult,
            "UpdateStatus": UpdateStatus,
            "VersionState": VersionState,
        },
        f"{lambda_}.invocation.plugins": {"RuntimeExecutorPlugin": object},
        f"{lambda_}.invocation.runtime_executor": {
            "RuntimeExecutor": RuntimeExecutor,
            "LambdaRuntimeException": RuntimeError,
        },
    }
    for name, content in (modules | stand_in_switches.modules()).items():
        module = ModuleType(name)
        vars(module).update(content)
        patch.setitem(sys.modules, name, module)
    # Restored after the test: the real value describes this machine.
    patch.setattr("botocore.useragent.UserAgentString.to_string", lambda _: "described")
    for name in [name for name in sys.modules if name.startswith("tidings_local.localstack_")]:
        patch.delitem(sys.modules, name)
    return shelf


def _hook() -> Callable[[Registered], Registered]:
    return lambda registered: registered
