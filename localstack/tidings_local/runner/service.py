"""The runner as a whole: the Lambda host, its callers, and the records of calls."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tidings_local.front_door.http import Request, Response
from tidings_local.front_door.limits import Limits
from tidings_local.front_door.rest_apis import RestApis
from tidings_local.front_door.server import Answer, FrontDoor
from tidings_local.lambda_host.host import LambdaHost
from tidings_local.runner.asking import ask_until_known
from tidings_local.runner.calls import Calls
from tidings_local.runner.control_api import ControlApi
from tidings_local.runner.deployment import Deployment
from tidings_local.runner.dev.api import DevApi
from tidings_local.runner.dev.host import DevHost
from tidings_local.runner.dev.overlay import Overlay
from tidings_local.runner.dev.seen_calls import SeenCalls
from tidings_local.runner.events.attempts import Attempts
from tidings_local.runner.events.events import Events
from tidings_local.runner.events.messages import LocalStackSender
from tidings_local.runner.invoke_api import InvokeApi
from tidings_local.runner.records.cloudwatch import CloudWatch
from tidings_local.runner.records.log_file import LogFile
from tidings_local.runner.records.prometheus import RunnerMetrics
from tidings_local.runner.records.recorder import Recorder
from tidings_local.runner.registry import Registry
from tidings_local.runner.settings import RunnerSettings

logger = logging.getLogger("tidings_local.runner")

KEPT_SECONDS: Final = 3600.0
"""On the socket: a call is lost if its connection is closed at the moment of its use."""
LOOPBACK: Final = "127.0.0.1"
DRAIN_SECONDS: Final = 5.0
"""The time that running calls have after the runner stops."""


@dataclass(frozen=True, slots=True)
class Runner:
    """The parts of the runner, not listening yet."""

    host: LambdaHost
    recorder: Recorder
    deployment: Deployment
    rest_apis: RestApis
    control: ControlApi
    events: Events


def build(settings: RunnerSettings) -> Runner:
    """Create the parts on the running loop."""
    host = LambdaHost(settings.host_settings())
    metrics = RunnerMetrics()
    log_file = LogFile(settings.functions_log) if settings.functions_log else None
    recorder = Recorder(CloudWatch(settings.endpoint), metrics, log_file)
    registry = Registry()
    overlay = Overlay(
        settings.lambda_dir / "dev",
        registry.functions.values,
        prepare=host.prepare,
        is_prepared=host.is_prepared,
        retire=host.retire,
    )
    dev = DevApi(overlay, SeenCalls())
    calls = Calls(registry, DevHost(host, overlay, dev.seen), recorder)
    rest_apis = RestApis(calls.invoke)
    deployment = Deployment(registry, host.prepare, host.retire, rest_apis.replace)
    attempts = Attempts(calls.invoke, LocalStackSender(settings.endpoint))
    events = Events(settings.events_file, attempts)
    control = ControlApi(deployment, InvokeApi(calls, events.accept), metrics, dev)
    return Runner(host, recorder, deployment, rest_apis, control, events)


async def run(settings: RunnerSettings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        OSError: it cannot listen on the port or the socket.
    """
    stopped = _stop_signal()
    runner = build(settings)
    # They end in reverse order: the last calls are answered before the recorder stops.
    async with (
        _beside(runner.recorder.run()),
        _ending(runner.host),
        _beside(runner.events.run()),
        _listening(settings, runner),
        _beside(ask_until_known(runner.deployment, settings.endpoint)),
    ):
        logger.info("runner is up", extra={"port": settings.public_port})
        await stopped.wait()
        logger.info("runner stops")
    logger.info("runner stopped")


@contextlib.asynccontextmanager
async def _listening(settings: RunnerSettings, runner: Runner) -> AsyncIterator[None]:
    by_runner = settings.front_door == "runner"
    public = FrontDoor(
        _counted(runner) if by_runner else _leave_all, settings.upstream, live=settings.live
    )
    control = FrontDoor(runner.control.answer, limits=Limits(idle_seconds=KEPT_SECONDS))
    status = FrontDoor(runner.control.answer_status)
    doors = (public, control, status)
    try:
        await control.listen_unix(settings.runner_socket)
        if settings.metrics_port is not None:
            await status.listen(settings.metrics_host, settings.metrics_port)
        await public.listen(settings.public_host, settings.public_port, _tls(settings.certificate))
        yield
    finally:
        await asyncio.gather(*(each.stop(DRAIN_SECONDS) for each in doors))
        settings.runner_socket.unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def _ending(host: LambdaHost) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await host.stop()


@contextlib.asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run something until the end of the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _counted(runner: Runner) -> Answer:
    """Return the answer of the REST APIs, which counts each response."""
    find, metrics = runner.rest_apis.answer, runner.control.metrics

    async def counted(answer: Awaitable[Response]) -> Response:
        started = time.perf_counter()
        response = await answer
        metrics.responds(response.status, time.perf_counter() - started)
        return response

    def answer(request: Request) -> Awaitable[Response] | None:
        found = find(request)
        return None if found is None else counted(found)

    return answer


def _leave_all(_request: Request) -> Awaitable[Response] | None:
    """Forward every call to LocalStack."""
    return None


def _tls(certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def _stop_signal() -> asyncio.Event:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped
