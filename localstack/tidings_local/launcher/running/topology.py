"""Declare the exchanges and queues of infra/rabbitmq/topology.yaml on a broker."""

from __future__ import annotations

import subprocess
import sys

from ..errors import LauncherError
from ..settings import ROOT, inherited_environment

TOPOLOGY_FILE = ROOT / "infra" / "rabbitmq" / "topology.yaml"


def declare_topology(amqp_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tidings_local.topology"],
        # In the environment: on the command line, `ps` would show the password.
        env=inherited_environment()
        | {"PYTHONPATH": str(ROOT / "localstack"), "TIDINGS_AMQP_URL": amqp_url},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        problem = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise LauncherError("the RabbitMQ topology cannot be declared", hint=" ".join(problem))
