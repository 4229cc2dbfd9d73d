"""Shorten the waits of deployments for functions.

- CloudFormation polls a new function's state once a second or, with CFN_NO_WAIT_ITERATIONS, without
a pause, which takes the interpreter from the thread that prepares the function. Both took most of a
deployment. Each poll is expensive, so the next one is made when no version is starting any more.
- The threads that start versions also end old ones, each of which waits up to 3 s. There are six on
two cores, so that starts waited for ends.
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

# LocalStack's own method, read once. LocalStack loads the executor plugin for every function
# version: a wrapper around the current method would wrap itself each time, until a deployment
# exceeds Python's recursion limit.
_STOCK_DEPLOY_LOOP = ResourceProviderExecutor.deploy_loop


def wait_briefly() -> None:
    """Shorten LocalStack's waits. A repeated call changes nothing."""
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
    """Add threads; this hook runs when a provider has created its Lambda service."""
    provider.lambda_service.task_executor = ThreadPoolExecutor(
        TASK_THREADS, thread_name_prefix="lambda-service-task"
    )
    resource_provider.time = Clock(provider.lambda_service)
    if config.LAMBDA_RUNTIME_EXECUTOR == "process":
        provider.lambda_service.stop = stop_nothing


class Clock:
    """Replaces the module `time` where CloudFormation waits for a resource."""

    def __init__(self, service: "LambdaService") -> None:
        self._service = service

    def sleep(self, seconds: float) -> None:
        limit = time.monotonic() + STARTING_SECONDS
        time.sleep(seconds)
        while self._service.lambda_starting_versions and time.monotonic() < limit:
            time.sleep(POLL_SECONDS)


def stop_nothing() -> None:
    """Replace the end of the Lambda service, because the runner owns the functions' processes.

    LocalStack would end each version with a separate thread, and wait for five seconds.
    """
