"""LocalStack's function version as the host's `Function`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tidings_local.lambda_host import Function, FunctionKey, LambdaHostError, PackageStore
from tidings_local.localstack_plugin.archives import code_dir, opt_dir

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

SUPPORTED_RUNTIME = "python3.11"

# Of what LocalStack would give a container; the host makes all else itself.
_FROM_LOCALSTACK = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_LAMBDA_LOG_FORMAT",
    "AWS_LAMBDA_LOG_LEVEL",
)


class UnsupportedFunctionError(LambdaHostError):
    """A function that only a container could run."""


def check_supported(version: "FunctionVersion") -> None:
    config = version.config
    if config.package_type != "Zip" or config.runtime != SUPPORTED_RUNTIME:
        raise UnsupportedFunctionError(
            f"the process executor runs zip packages on {SUPPORTED_RUNTIME} only; "
            f"{version.id.function_name} is {config.package_type} on {config.runtime}. "
            "Change the function, or start LocalStack with LAMBDA_RUNTIME_EXECUTOR=docker."
        )


def function_key(version: "FunctionVersion") -> FunctionKey:
    return FunctionKey(version.qualified_arn, version.config.internal_revision)


def to_function(
    version: "FunctionVersion", env_vars: Mapping[str, object], packages: PackageStore
) -> Function:
    """`env_vars` are what LocalStack hands to an executor: of them only the platform's are used."""
    config, key = version.config, function_key(version)
    own = {name: str(value) for name, value in (config.environment or {}).items()}
    given = {name: str(env_vars[name]) for name in _FROM_LOCALSTACK if name in env_vars}
    # LocalStack lets a function replace even these: where it does, its own value is in env_vars.
    return Function(
        name=version.id.function_name,
        version=version.id.qualifier,
        arn=key.arn,
        revision=key.revision,
        handler=config.handler,
        code_dir=code_dir(version, packages),
        opt_dir=opt_dir(config.layers or [], packages),
        variables=own,
        platform_variables=given,
        region=version.id.region,
        log_group=str(env_vars.get("AWS_LAMBDA_LOG_GROUP_NAME", "")),
        log_stream=str(env_vars.get("AWS_LAMBDA_LOG_STREAM_NAME", "")),
        timeout_seconds=config.timeout,
        memory_mb=config.memory_size,
    )
