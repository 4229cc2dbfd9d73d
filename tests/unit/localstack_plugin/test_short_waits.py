from types import SimpleNamespace

from tests.unit.localstack_plugin.stand_ins import Shelf


def test_cloudformation_asks_again_within_milliseconds(shelf: Shelf) -> None:
    from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor

    from localstack import config
    from tidings_local.localstack_plugin import short_waits

    short_waits.wait_briefly()
    assert ResourceProviderExecutor().deploy_loop() == short_waits.POLL_SECONDS
    assert config.BOTO_WAITER_DELAY * config.BOTO_WAITER_MAX_ATTEMPTS == short_waits.LIMIT_SECONDS


def test_ending_versions_leave_threads_for_starting_ones(shelf: Shelf) -> None:
    from tidings_local.localstack_plugin import short_waits

    provider = SimpleNamespace(lambda_service=SimpleNamespace())
    short_waits.add_task_threads(provider)
    assert provider.lambda_service.task_executor._max_workers == short_waits.TASK_THREADS
