"""`LAMBDA_RUNTIME_EXECUTOR=process`: LocalStack's Lambda service on the process host.

LocalStack makes one executor per environment it believes in. Here that is a handle: the
processes belong to the host's pool, which bounds, reuses and ends them.
"""

import logging
from typing import TYPE_CHECKING

from localstack.aws.api.lambda_ import TooManyRequestsException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import (
    LambdaRuntimeException,
    RuntimeExecutor,
)

from tidings_local.lambda_host import Function, Invocation, LambdaHostError, ThrottledError
from tidings_local.localstack_plugin.archives import code_dir, opt_dir
from tidings_local.localstack_plugin.daemon_timers import use_daemon_timers
from tidings_local.localstack_plugin.presigned_urls import keep_presigning_clients
from tidings_local.localstack_plugin.settings import PluginSettings
from tidings_local.localstack_plugin.shared_host import shared_host, shared_packages
from tidings_local.localstack_plugin.short_waits import wait_briefly
from tidings_local.localstack_plugin.versions import check_supported, function_key, to_function

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

logger = logging.getLogger(__name__)

# An address, not a name: boto3 then asks S3 by path, and nothing has to be resolved.
_LOCALSTACK_ADDRESS = "127.0.0.1"


class ProcessRuntimeExecutor(RuntimeExecutor):
    _function: Function | None = None

    def start(self, env_vars: dict[str, str]) -> None:
        self._function = to_function(self.function_version, env_vars, shared_packages())

    def stop(self) -> None:
        """A handle ends nothing: others use the same processes. See `cleanup_version`."""

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        if self._function is None:
            raise LambdaRuntimeException("invoked before it was started")
        invocation = Invocation(
            payload=payload["payload"].encode(),
            request_id=payload["invoke-id"],
            invoked_arn=payload["invoked-function-arn"],
            trace_id=payload.get("trace-id"),
        )
        try:
            outcome = shared_host().invoke(self._function, invocation)
        except ThrottledError as error:
            logger.warning("throttled", extra={"arn": self._function.arn})
            raise _too_many_requests(error) from error
        return InvocationResult(
            outcome.request_id, outcome.payload, is_error=outcome.is_error, logs=outcome.logs
        )

    def get_address(self) -> str:
        return _LOCALSTACK_ADDRESS

    def get_endpoint_from_executor(self) -> str:
        return _LOCALSTACK_ADDRESS

    def get_runtime_endpoint(self) -> str:
        """Used by the init process in containers only."""
        return ""

    def get_logs(self) -> str:
        """Each invocation returns its own."""
        return ""

    @classmethod
    def prepare_version(cls, function_version: "FunctionVersion") -> None:
        """Unpacks and compiles, so that the first call does not have to."""
        check_supported(function_version)
        packages = shared_packages()
        code_dir(function_version, packages)
        opt_dir(function_version.config.layers or [], packages)

    @classmethod
    def cleanup_version(cls, function_version: "FunctionVersion") -> None:
        shared_host().retire(function_key(function_version))

    @classmethod
    def validate_environment(cls) -> bool:
        try:
            PluginSettings.read().interpreter()
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
        return ProcessRuntimeExecutor


def _too_many_requests(error: ThrottledError) -> TooManyRequestsException:
    return TooManyRequestsException(
        f"Rate Exceeded: {error}.", Reason="ConcurrentInvocationLimitExceeded", Type="User"
    )
