"""The bridge, which invokes the consumer functions like Amazon MQ's mappings on AWS."""

from __future__ import annotations

import sys
from functools import partial

from ...settings import ROOT, Settings
from ..ports import LOOPBACK
from ..stack import Stack
from .connections import Connections
from .service import Service, ask


def bridge(stack: Stack, settings: Settings, connections: Connections) -> Service:
    port = stack.ports.bridge
    return Service(
        name="bridge",
        command=[sys.executable, "-m", "tidings_local.bridge"],
        probe=partial(probe, port),
        ports=(port,),
        environment=_calls(stack, settings)
        | {
            "PYTHONPATH": str(ROOT / "localstack"),
            "TIDINGS_AMQP_URL": connections.amqp_url,
            "TIDINGS_BRIDGE_PORT": str(port),
            "TIDINGS_LOG_LEVEL": settings.log_level,
            "AWS_ENDPOINT_URL": stack.endpoint,
            "AWS_ACCESS_KEY_ID": "000000000000",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
        },
        starts_after=3,
        stop_seconds=30,  # it drains: running invocations finish and are acknowledged
    )


def _calls(stack: Stack, settings: Settings) -> dict[str, str]:
    """Return how functions are called: directly, unless they run in containers."""
    if settings.lambda_executor != "process":
        return {}
    return {"TIDINGS_RUNNER_SOCKET": str(stack.runner_socket)}


def probe(port: int) -> str:
    ask(f"http://{LOOPBACK}:{port}/health").raise_for_status()
    return ""
