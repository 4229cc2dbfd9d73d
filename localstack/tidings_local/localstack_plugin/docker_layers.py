"""With `LAMBDA_RUNTIME_EXECUTOR=docker`: put layers at /opt, which LocalStack itself omits."""

from typing import TYPE_CHECKING

from localstack.services.lambda_ import hooks as lambda_hooks

from tidings_local.lambda_host import PackageStore
from tidings_local.localstack_plugin.archives import opt_dir
from tidings_local.localstack_plugin.settings import PluginSettings

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.docker_runtime_executor import (
        LambdaContainerConfiguration,
    )
    from localstack.services.lambda_.invocation.lambda_models import FunctionVersion


@lambda_hooks.start_docker_executor()  # type: ignore[untyped-decorator]
def copy_layers(
    container_config: "LambdaContainerConfiguration", function_version: "FunctionVersion"
) -> None:
    """Copy the layers like the code, because the Docker engine may be on another machine."""
    layers = function_version.config.layers
    if not layers or function_version.config.package_type != "Zip":
        return
    # Not compiled: the container has another interpreter.
    merged = opt_dir(layers, PackageStore(PluginSettings.read().lambda_dir))
    container_config.copy_folders.append((f"{merged}/.", "/opt"))
