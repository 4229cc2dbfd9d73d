"""`LAMBDA_RUNTIME_EXECUTOR=process`: LocalStack's Lambda service on the runner.

LocalStack creates one executor for each environment. The runner has the real environments, so the
executor only hands over each version before LocalStack reports it as active.
"""

import logging
from typing import TYPE_CHECKING

from localstack.services.lambda_ import hooks as lambda_hooks
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import (
    LambdaRuntimeException,
    RuntimeExecutor,
)

from localstack import config
from tidings_local.lambda_host import LambdaHostError
from tidings_local.localstack_plugin.calls import use_runner
from tidings_local.localstack_plugin.daemon_timers import use_daemon_timers
from tidings_local.localstack_plugin.events import keep_events_in_runner
from tidings_local.localstack_plugin.failed_updates import keep_old_versions
from tidings_local.localstack_plugin.presigned_urls import keep_presigning_clients
from tidings_local.localstack_plugin.runner import handover, packages
from tidings_local.localstack_plugin.settings import PluginSettings
from tidings_local.localstack_plugin.short_waits import wait_briefly
from tidings_local.localstack_plugin.versions import ADDRESS, check_supported, to_function
from tidings_local.runner.forms import FUNCTIONS, function_form

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import (
        FunctionVersion,
        InvocationResult,
    )

logger = logging.getLogger(__name__)


class ProcessRuntimeExecutor(RuntimeExecutor):
    def start(self, env_vars: dict[str, str]) -> None:
        """Start nothing for provisioned concurrency: the runner starts environments for calls."""

    def stop(self) -> None:
        """Do nothing, because nothing was started."""

    def invoke(self, payload: dict[str, str]) -> "InvocationResult":  # noqa: ARG002
        """Never called: `calls.invoke` replaces it."""
        raise LambdaRuntimeException("functions run in the runner")

    def get_address(self) -> str:
        return ""

    def get_endpoint_from_executor(self) -> str:
        return ADDRESS

    def get_runtime_endpoint(self) -> str:
        """Used only by the init process in containers."""
        return ""

    def get_logs(self) -> str:
        """Return nothing: the runner writes the logs."""
        return ""

    @classmethod
    def prepare_version(cls, function_version: "FunctionVersion") -> None:
        """Unpack, compile and hand over a version; LocalStack reports it as active afterwards."""
        check_supported(function_version)
        function = to_function(function_version, packages())
        handover().put(FUNCTIONS, function.arn, function_form(function))

    @classmethod
    def cleanup_version(cls, function_version: "FunctionVersion") -> None:
        """Do nothing: the runner ends the environments of an older version.

        See `forget_version`. LocalStack also calls this for each version when it stops, and the
        runner continues then.
        """

    @classmethod
    def validate_environment(cls) -> bool:
        try:
            settings = PluginSettings.read()
            settings.interpreter()
            settings.socket()
        except (LambdaHostError, ValueError) as error:
            logger.error("Lambda functions cannot run: %s", error)
            return False
        return True


class ProcessRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    name = "process"

    def load(self, *_: object, **__: object) -> type[ProcessRuntimeExecutor]:
        use_daemon_timers()
        keep_presigning_clients()
        wait_briefly()
        use_runner()
        keep_events_in_runner()
        keep_old_versions()
        return ProcessRuntimeExecutor


@lambda_hooks.delete_function_version()  # type: ignore[untyped-decorator]
def forget_version(qualified_arn: str) -> None:
    """Remove a version; this hook runs during DeleteFunction."""
    if ProcessRuntimeExecutorPlugin.name == config.LAMBDA_RUNTIME_EXECUTOR:
        handover().remove(FUNCTIONS, qualified_arn)
