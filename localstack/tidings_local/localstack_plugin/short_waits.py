"""Lets deployments wait for functions in milliseconds, and without hindering them.

- CloudFormation asks for a new function's state once a second or, told so by
  CFN_NO_WAIT_ITERATIONS, without a pause: then the asking holds the interpreter that the thread
  it waits for needs. Either took most of a deployment.
- The threads that start versions also end old ones, which takes up to 3 s each of waiting.
  There are six on two cores: the next function's start stood behind the last one's end.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partialmethod
from typing import TYPE_CHECKING

from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor
from localstack.services.lambda_ import hooks as lambda_hooks

from localstack import config

if TYPE_CHECKING:
    from localstack.services.lambda_.provider import LambdaProvider

POLL_SECONDS = 0.005
LIMIT_SECONDS = 300
TASK_THREADS = 128


def wait_briefly() -> None:
    # New resources.
    config.CFN_NO_WAIT_ITERATIONS = 0
    ResourceProviderExecutor.deploy_loop = partialmethod(
        ResourceProviderExecutor.deploy_loop, max_timeout=LIMIT_SECONDS, sleep_time=POLL_SECONDS
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
