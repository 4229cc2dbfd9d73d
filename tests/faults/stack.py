"""The stack's processes, and how an operator kills and repairs them."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tests.settings import stack_under_test

ROOT = Path(__file__).resolve().parents[2]
REPAIR_SECONDS = 120
# The launcher would take these for services of somebody else and not start its own.
OURS = ("TIDINGS_MONGODB_URI", "TIDINGS_REDIS_URL", "TIDINGS_AMQP_URL")


def port_of(service: str) -> int:
    """Return the port on which a service of the stack under test listens."""
    stack = stack_under_test()
    urls = {
        "localstack": stack.api_url,
        "rabbitmq": stack.amqp_url,
        "mongodb": stack.mongodb_uri,
        "bridge": stack.bridge_url,
        "redis": stack.redis_url,
    }
    port = urlsplit(urls[service]).port
    assert port, service
    return port


def kill(service: str) -> None:
    """Kill -9 the process that listens on the service's port.

    Raises:
        AssertionError: there is none.
    """
    port = port_of(service)
    listening = listening_on(port)
    assert listening, f"nothing listens on {port}"
    for process in listening:
        process.kill()


def listening_on(port: int) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter()
        if any(
            connection.laddr.port == port and connection.status == psutil.CONN_LISTEN
            for connection in _connections(process)
        )
    ]


def repair() -> None:
    """Run `make up`, as an operator would.

    Raises:
        AssertionError: it failed.
    """
    make("up")


def down() -> None:
    """Run `make down`.

    Raises:
        AssertionError: it failed.
    """
    make("down")


def make(target: str) -> None:
    """Run a target of the Makefile on the stack under test.

    Raises:
        AssertionError: it failed.
    """
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    done = subprocess.run(
        ["make", target],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=REPAIR_SECONDS,
        check=False,
    )
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


def _connections(process: psutil.Process) -> list[psutil._ntuples.pconn]:
    try:
        return list(process.net_connections(kind="tcp"))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []
