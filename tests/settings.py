"""The environment variables of a test run: the stack under test, and its options."""

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from tidings_local.service.settings import ServiceSettings, describe


def _same_redis(values: dict[str, Any]) -> Any:
    return values["redis_url"]


class StackUnderTest(ServiceSettings):
    """Addresses of the running stack, as set by `make test`."""

    name: str = Field(validation_alias="TIDINGS_STACK")
    api_url: str
    ca_file: str
    mongodb_uri: str
    redis_url: str
    # One server serves both purposes if `make test` did not start the tests.
    cache_redis_url: str = Field(default_factory=_same_redis)
    amqp_url: str
    rabbitmq_api_url: str
    bridge_url: str
    live_url: str


class RunOptions(ServiceSettings):
    """Options of a test run; tests of an option that is not set are skipped."""

    amqp_url: str | None = None
    smtp_url: str | None = None
    front_door: str = "runner"
    runtime_python: Path | None = None
    soak_minutes: float = Field(30, gt=0)
    fuzz_seconds: int = Field(20, ge=1)
    bench_data: Path | None = None
    bench_python: Path | None = None


@cache
def stack_under_test() -> StackUnderTest:
    """Return the stack that `make test` started.

    Raises:
        RuntimeError: the tests were not started by `make test`, or a variable is malformed.
    """
    try:
        return StackUnderTest.read()
    except ValidationError as error:
        raise RuntimeError(f"start the tests with `make test`: {describe(error)}") from None


def run_options() -> RunOptions:
    """Return the options of this run.

    Raises:
        RuntimeError: a variable is malformed.
    """
    try:
        return RunOptions.read()
    except ValidationError as error:
        raise RuntimeError(describe(error)) from None
