"""The runner: it runs the functions, and listens on the public address."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import bootstrap
from tidings_local.runner.client import RunnerClient

from ...settings import ROOT, Settings
from ..ports import LOOPBACK
from ..stack import Stack
from .service import PROBE_TIMEOUT_SECONDS, Service


def runner(stack: Stack, settings: Settings) -> Service:
    port = stack.ports.public
    return Service(
        name="runner",
        command=[sys.executable, "-m", "tidings_local.runner"],
        probe=partial(probe, stack.runner_socket),
        ports=(port, stack.ports.runner_metrics),
        environment={
            "PYTHONPATH": str(ROOT / "localstack"),
            "TIDINGS_LOG_LEVEL": settings.log_level,
            "TIDINGS_RUNNER_SOCKET": str(stack.runner_socket),
            "TIDINGS_PUBLIC_HOST": LOOPBACK,
            "TIDINGS_PUBLIC_PORT": str(port),
            "TIDINGS_METRICS_PORT": str(stack.ports.runner_metrics),
            "TIDINGS_LOCALSTACK_URL": stack.localstack_url,
            "TIDINGS_LIVE_URL": f"http://{LOOPBACK}:{stack.ports.live}",
            "TIDINGS_CERTIFICATE": str(stack.certificate),
            "TIDINGS_FRONT_DOOR": front_door(settings),
            "TIDINGS_RUNTIME_PYTHON": str(bootstrap.python_of("runtime")),
            "TIDINGS_LAMBDA_DIR": str(stack.run / "lambda"),
            "TIDINGS_FUNCTIONS_LOG": str(stack.functions_log),
            "TIDINGS_EVENTS_FILE": str(stack.data / "events.sqlite"),
        }
        | _limits(settings),
        starts_after=1,
        stop_seconds=10,
    )


def front_door(settings: Settings) -> str:
    """Return what answers calls of the API: LocalStack, if functions run in containers."""
    return settings.front_door if settings.lambda_executor == "process" else "localstack"


def _limits(settings: Settings) -> dict[str, str]:
    limits = {
        "TIDINGS_LAMBDA_MAX_ENVIRONMENTS": settings.lambda_max_environments,
        "TIDINGS_LAMBDA_KEEPALIVE_SECONDS": settings.lambda_keepalive_seconds,
    }
    return {name: str(value) for name, value in limits.items() if value is not None}


def probe(socket: Path) -> str:
    answer = RunnerClient(str(socket), PROBE_TIMEOUT_SECONDS).ask("GET", "/health")
    if answer.status != 200:
        raise ConnectionError(f"the runner answers {answer.status}")
    return ""
