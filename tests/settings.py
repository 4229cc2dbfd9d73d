"""Where the stack under test is: what `make test` says in the environment."""

import os
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class StackUnderTest:
    """Addresses of the running stack."""

    name: str
    api_url: str
    ca_file: str
    mongodb_uri: str
    redis_url: str
    amqp_url: str
    rabbitmq_api_url: str
    bridge_url: str


@cache
def stack_under_test() -> StackUnderTest:
    """Return the stack that `make test` started.

    Raises:
        RuntimeError: the tests were not started by `make test`.
    """
    try:
        return StackUnderTest(
            name=os.environ["TIDINGS_STACK"],
            api_url=os.environ["TIDINGS_API_URL"],
            ca_file=os.environ["TIDINGS_CA_FILE"],
            mongodb_uri=os.environ["TIDINGS_MONGODB_URI"],
            redis_url=os.environ["TIDINGS_REDIS_URL"],
            amqp_url=os.environ["TIDINGS_AMQP_URL"],
            rabbitmq_api_url=os.environ["TIDINGS_RABBITMQ_API_URL"],
            bridge_url=os.environ["TIDINGS_BRIDGE_URL"],
        )
    except KeyError as missing:
        raise RuntimeError(f"{missing} is not set; start the tests with `make test`") from None
