import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from tests.unit.localstack_plugin.stand_ins import Shelf


def test_cloudformation_polls_again_within_milliseconds(shelf: Shelf) -> None:
    from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor

    from localstack import config
    from tidings_local.localstack_plugin import short_waits

    short_waits.wait_briefly()
    assert ResourceProviderExecutor().deploy_loop() == short_waits.POLL_SECONDS
    assert config.BOTO_WAITER_DELAY * config.BOTO_WAITER_MAX_ATTEMPTS == short_waits.LIMIT_SECONDS


def test_any_number_of_loaded_plugins_makes_one_wrapper(shelf: Shelf) -> None:
    from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor

    from tidings_local.localstack_plugin import short_waits

    for _ in range(2 * sys.getrecursionlimit()):  # one for each function version
        short_waits.wait_briefly()
    assert ResourceProviderExecutor().deploy_loop() == short_waits.POLL_SECONDS


def test_ending_versions_leave_threads_for_starting_ones(shelf: Shelf) -> None:
    from tidings_local.localstack_plugin import short_waits

    provider = SimpleNamespace(lambda_service=SimpleNamespace(lambda_starting_versions={}))
    short_waits.add_task_threads(provider)
    assert provider.lambda_service.task_executor._max_workers == short_waits.TASK_THREADS


def test_cloudformation_does_not_poll_while_a_version_is_starting(shelf: Shelf) -> None:
    from localstack.services.cloudformation import resource_provider

    from tidings_local.localstack_plugin import short_waits

    starting = {"arn": "version"}
    service = SimpleNamespace(lambda_starting_versions=starting)
    short_waits.add_task_threads(SimpleNamespace(lambda_service=service))
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(resource_provider.time.sleep, 0)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.1)
        starting.clear()
        waiting.result(timeout=60)


def test_localstack_stops_without_ending_functions_of_the_runner(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    from localstack import config
    from tidings_local.localstack_plugin import short_waits

    def stock() -> None:
        """Stop containers, like LocalStack."""

    ours, theirs = (SimpleNamespace(lambda_service=SimpleNamespace(stop=stock)) for _ in range(2))
    short_waits.add_task_threads(ours)
    assert ours.lambda_service.stop is short_waits.stop_nothing
    monkeypatch.setattr(config, "LAMBDA_RUNTIME_EXECUTOR", "docker")
    short_waits.add_task_threads(theirs)
    assert theirs.lambda_service.stop is stock
