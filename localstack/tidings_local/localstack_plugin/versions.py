"""Convert LocalStack's function version to the host's `Function`."""

from typing import TYPE_CHECKING, Any, ClassVar

from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment

from localstack import config as localstack_config
from tidings_local.lambda_host import Function, LambdaHostError, PackageStore
from tidings_local.localstack_plugin.archives import code_dir, opt_dir

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

SUPPORTED_RUNTIME = "python3.11"
ADDRESS = "127.0.0.1"
"""An address instead of a name: boto3 then calls S3 by path, and no name is resolved."""

# The variables that a container would get from LocalStack; the host sets all others.
_FROM_LOCALSTACK = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_LAMBDA_LOG_FORMAT",
    "AWS_LAMBDA_LOG_LEVEL",
)


class UnsupportedFunctionError(LambdaHostError):
    """A function that only a container can run."""


def check_supported(version: "FunctionVersion") -> None:
    config = version.config
    if config.package_type != "Zip" or config.runtime != SUPPORTED_RUNTIME:
        raise UnsupportedFunctionError(
            f"the process executor runs zip packages on {SUPPORTED_RUNTIME} only; "
            f"{version.id.function_name} is {config.package_type} on {config.runtime}. "
            "Change the function, or start LocalStack with LAMBDA_RUNTIME_EXECUTOR=docker."
        )


def to_function(version: "FunctionVersion", packages: PackageStore) -> Function:
    """Return a version as the runner's function, with its code and layers unpacked."""
    config = version.config
    given = _platform_variables(version)
    own = {name: str(value) for name, value in (config.environment or {}).items()}
    return Function(
        name=version.id.function_name,
        version=version.id.qualifier,
        arn=version.qualified_arn,
        revision=config.internal_revision,
        handler=config.handler,
        code_dir=code_dir(version, packages),
        opt_dir=opt_dir(config.layers or [], packages),
        variables=own,
        platform_variables={name: str(given[name]) for name in _FROM_LOCALSTACK if name in given},
        region=version.id.region,
        log_group=str(given["AWS_LAMBDA_LOG_GROUP_NAME"]),
        timeout_seconds=config.timeout,
        memory_mb=config.memory_size,
    )


def _platform_variables(version: "FunctionVersion") -> dict[str, object]:
    """Return the variables that LocalStack would give a container, with the function's own.

    LocalStack lets a function override even the platform's variables; its value is used then.
    """
    environment = _Environment(version, "on-demand", _never, version_manager_id="")
    variables: dict[str, object] = environment.get_environment_variables()
    if "AWS_ENDPOINT_URL" not in (version.config.environment or {}):
        # The public address, because clients use presigned URLs.
        variables["AWS_ENDPOINT_URL"] = f"http://{ADDRESS}:{localstack_config.LOCALSTACK_HOST.port}"
    return variables


class _Environment(ExecutionEnvironment):
    """Assumes a role once for each function; the session lasts as long as LocalStack."""

    _sessions: ClassVar[dict[tuple[str, str, str], Any]] = {}

    def get_credentials(self) -> Any:
        version = self.function_version
        key = version.id.region, version.id.function_name, version.config.role
        if key not in self._sessions:
            self._sessions[key] = super().get_credentials()
        return self._sessions[key]


def _never(_manager: str, _environment: str) -> None:
    """Do nothing: the environment is not started, so it cannot time out."""
