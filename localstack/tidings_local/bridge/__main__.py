"""Run the bridge: `python -m tidings_local.bridge`."""

import logging
import os
import signal
import sys
from collections.abc import Callable
from functools import partial

from botocore.exceptions import BotoCoreError
from pydantic import ValidationError

from tidings_local.bridge import odd_headers
from tidings_local.bridge.http_server import StatusServer
from tidings_local.bridge.lambda_api import Invoker, LambdaApi, Outcome
from tidings_local.bridge.mapping_source import FileMappings, LambdaMappings, MappingSource
from tidings_local.bridge.metrics import Metrics
from tidings_local.bridge.runner_api import RunnerInvoker
from tidings_local.bridge.settings import BridgeSettings
from tidings_local.bridge.supervisor import Supervisor
from tidings_local.runner.client import RunnerClient
from tidings_local.service.json_log import log_to_stdout
from tidings_local.service.settings import describe

logger = logging.getLogger("tidings_local.bridge")

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
MAX_LAMBDA_CONNECTIONS = 200
EXIT_MISCONFIGURED = 2


def main() -> int:
    # Blocked before any thread starts, so that only `sigwait` below receives them.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    log_to_stdout()
    odd_headers.survive()
    try:
        settings = BridgeSettings.read()
    except ValidationError as error:
        return _misconfigured(describe(error))
    log_to_stdout(settings.log_level)
    try:
        api = LambdaApi(_endpoint_url(settings), MAX_LAMBDA_CONNECTIONS)
        endpoint = api.endpoint
    except (BotoCoreError, ValueError) as error:
        return _misconfigured(f"no Lambda client: {error}")
    metrics = Metrics()
    supervisor = Supervisor(settings, _invoker_of(settings, api), _source(settings, api), metrics)
    try:
        server = StatusServer(
            settings.bridge_host, settings.bridge_port, supervisor.health, metrics.registry
        )
    except OSError as error:
        where = f"{settings.bridge_host}:{settings.bridge_port}"
        return _misconfigured(f"cannot listen on {where}: {error.strerror}")
    server.start()
    supervisor.start()
    logger.info("bridge is up", extra={"port": server.port, "lambda_endpoint": endpoint})
    received = signal.sigwait(STOP_SIGNALS)
    logger.info("bridge drains", extra={"signal": signal.Signals(received).name})
    supervisor.stop()
    logger.info("bridge stopped")
    return 0


def _endpoint_url(settings: BridgeSettings) -> str | None:
    return str(settings.aws_endpoint_url) if settings.aws_endpoint_url else None


def _invoker_of(
    settings: BridgeSettings, api: LambdaApi
) -> Callable[[str], Callable[[bytes], Outcome]]:
    """Return a function that makes the invoker of a function ARN."""
    if settings.runner_socket is None:
        return partial(Invoker, api)
    return partial(RunnerInvoker, RunnerClient(str(settings.runner_socket)))


def _source(settings: BridgeSettings, api: LambdaApi) -> MappingSource:
    if settings.bridge_mappings_file:
        return FileMappings(settings.bridge_mappings_file, settings.bridge_serves)
    return LambdaMappings(api, settings.bridge_serves)


def _misconfigured(what: str) -> int:
    logger.error("bridge cannot start", extra={"error": what})
    return EXIT_MISCONFIGURED


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    sys.stdout.flush()
    # Not sys.exit: it would wait for invocations after the drain limit.
    os._exit(status)
