"""Lets deployments wait for functions in milliseconds, and without hindering them.

- CloudFormation asks for a new function's state once a second or, told so by
  CFN_NO_WAIT_ITERATIONS, without a pause: then the asking holds the interpreter that the thread
  it waits for needs. Either took most of a deployment. It asks through the whole of LocalStack, so
  it does so again when no version is starting any more.
- The threads that start versions also end old ones, which takes up to 3 s each of waiting.
  There are six on two cores: the next function's start stood behind the last one's end.
- When LocalStack stops, it waits for the end of each version.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partialmethod
from typing import TYPE_CHECKING

from localstack.services.cloudformation import resource_provider
from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor
from localstack.services.lambda_ import hooks as lambda_hooks

from localstack import config

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_service import LambdaService
    from localstack.services.lambda_.provider import LambdaProvider

POLL_SECONDS = 0.005
STARTING_SECONDS = 1.0
LIMIT_SECONDS = 300
TASK_THREADS = 128

# LocalStack's own, read once. LocalStack loads the executor plugin for every function version:
# a wrapper around the method of the moment would wrap itself again each time, until a
# deployment runs into Python's recursion limit.
_STOCK_DEPLOY_LOOP = ResourceProviderExecutor.deploy_loop


def wait_briefly() -> None:
    """Shorten LocalStack's waits. A repeated call changes nothing more."""
    # New resources.
    config.CFN_NO_WAIT_ITERATIONS = 0
    ResourceProviderExecutor.deploy_loop = partialmethod(
        _STOCK_DEPLOY_LOOP, max_timeout=LIMIT_SECONDS, sleep_time=POLL_SECONDS
    )
    # Updated functions: botocore's waiters.
    config.BOTO_WAITER_DELAY = POLL_SECONDS
    config.BOTO_WAITER_MAX_ATTEMPTS = int(LIMIT_SECONDS / POLL_SECONDS)


@lambda_hooks.inject_layer_fetcher()  # type: ignore[untyped-decorator]
def add_task_threads(provider: "LambdaProvider") -> None:
    """The hook that runs where a provider has made its Lambda service, before it has versions."""
    provider.lambda_service.task_executor = ThreadPoolExecutor(
        TASK_THREADS, thread_name_prefix="lambda-service-task"
    )
    resource_provider.time = Clock(provider.lambda_service)
    if config.LAMBDA_RUNTIME_EXECUTOR == "process":
        provider.lambda_service.stop = stop_nothing


class Clock:
    """Stands for the module `time` where CloudFormation waits for a resource."""

    def __init__(self, service: "LambdaService") -> None:
        self._service = service

    def sleep(self, seconds: float) -> None:
        limit = time.monotonic() + STARTING_SECONDS
        time.sleep(seconds)
        while self._service.lambda_starting_versions and time.monotonic() < limit:
            time.sleep(POLL_SECONDS)


def stop_nothing() -> None:
    """Stand for the end of the Lambda service: the functions' processes are the runner's.

    LocalStack would end each version with a thread of its own, and wait for five seconds.
    """
