"""Kill and repair the stack's processes, as an operator can."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psutil

from bootstrap import ROOT
from tests.settings import stack_under_test
from tests.waiting import eventually
from tidings_local.launcher.running.exposure import sockets_of
from tidings_local.launcher.running.ports import Ports

REPAIR_SECONDS = 400
START_SECONDS = 120
PROCESS_NAME_LIMIT = 15
"""The number of characters of a function's name, from its end, that its process has."""
OURS_IN_MEMORY = ("bridge", "localstack", "runner")
# Not Debian's wrapper, which switches to another user with another Erlang cookie.
RABBITMQCTL = "/usr/lib/rabbitmq/bin/rabbitmqctl"
# The launcher would take these for external services and not start its own.
OURS = (
    "TIDINGS_MONGODB_URI",
    "TIDINGS_REDIS_URL",
    "TIDINGS_CACHE_REDIS_URL",
    "TIDINGS_AMQP_URL",
)


def port_of(service: str) -> int:
    """Return the port on which a service of the stack under test listens."""
    stack = stack_under_test()
    if service == "localstack":
        return Ports(port_of("runner")).localstack
    urls = {
        "runner": stack.api_url,
        "rabbitmq": stack.amqp_url,
        "mongodb": stack.mongodb_uri,
        "bridge": stack.bridge_url,
        "live": stack.live_url,
        "redis": stack.redis_url,
        "redis-cache": stack.cache_redis_url,
    }
    port = urlsplit(urls[service]).port
    assert port, service
    return port


def processes_of(service: str) -> list[psutil.Process]:
    """Return the processes that listen on the service's port.

    Raises:
        AssertionError: there is none.
    """
    port = port_of(service)
    listening = [
        pid
        for pid, each in sockets_of(psutil.pids())
        if each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == port
    ]
    assert listening, f"nothing listens on {port}"
    return [psutil.Process(pid) for pid in set(listening)]


def kill(service: str) -> None:
    """Kill the service with SIGKILL, and wait until its port accepts no connection."""
    killed = processes_of(service)
    for process in killed:
        process.kill()
    _, alive = psutil.wait_procs(killed, START_SECONDS)
    assert not alive, f"{service} still runs after kill -9"


def wait_for(service: str) -> None:
    """Wait until something listens on the service's port."""

    def listens() -> bool:
        with socket.socket() as caller:
            return caller.connect_ex(("127.0.0.1", port_of(service))) == 0

    eventually(listens, seconds=START_SECONDS, what=f"{service} listens")


def freeze(service: str) -> None:
    """Stop the service without closing its connections: requests hang."""
    for process in processes_of(service):
        process.suspend()


def thaw(service: str) -> None:
    """Continue a frozen service."""
    for process in processes_of(service):
        process.resume()


@contextmanager
def second_bridge() -> Iterator[None]:
    """Run a second bridge beside the stack's own; it is killed at the end."""
    (first,) = processes_of("bridge")
    environment = first.environ() | {"TIDINGS_BRIDGE_PORT": "0"}
    with subprocess.Popen(
        first.cmdline(), cwd=first.cwd(), env=environment, stderr=subprocess.DEVNULL
    ) as second:
        try:
            yield
        finally:
            second.kill()


def function_processes(name: str | None = None) -> list[psutil.Process]:
    """Return the stack's processes that run functions, or one function."""
    (runner,) = processes_of("runner")
    found = {child: _function_of(child) for child in runner.children(recursive=True)}
    wanted = name and name[-PROCESS_NAME_LIMIT:]
    return [child for child, runs in found.items() if runs and wanted in (None, runs)]


def left_over() -> list[psutil.Process]:
    """Return this stack's function processes that no runner manages any more."""
    packages = str(ROOT / ".tidings" / "stacks" / stack_under_test().name)
    (runner,) = processes_of("runner")
    known = set(runner.children(recursive=True))
    return [
        each
        for each in psutil.process_iter()
        if each not in known and _environment(each).get("LAMBDA_TASK_ROOT", "").startswith(packages)
    ]


def memory_mb() -> float:
    """Return the memory of LocalStack, the runner, all functions and the bridge, in MB of RSS."""
    services = [process for name in OURS_IN_MEMORY for process in processes_of(name)]
    processes = [*services, *function_processes()]
    return sum(_rss(process) for process in processes) / 2**20


def rabbitmqctl(*arguments: str) -> str:
    """Run RabbitMQ's own command in the server's environment, and return its output.

    Raises:
        AssertionError: it failed.
    """
    (server,) = processes_of("rabbitmq")
    done = subprocess.run(
        [RABBITMQCTL, "--timeout", "120", *arguments],
        env=_as_client(server.environ()),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


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


def make(target: str, *said: str) -> str:
    """Run a target of the Makefile on the stack under test, and return its output.

    Raises:
        AssertionError: it failed.
    """
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    done = subprocess.run(
        ["make", target, *said],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=REPAIR_SECONDS,
        check=False,
    )
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _as_client(server: dict[str, str]) -> dict[str, str]:
    """Return the server's environment without the port that only the server may use."""
    return {name: value for name, value in server.items() if name != "RABBITMQ_DIST_PORT"}


def _function_of(process: psutil.Process) -> str | None:
    """Return the end of the name that a function's forked process has."""
    try:
        forked = any(part.endswith("template_process.py") for part in process.cmdline())
        name = process.name()
    except psutil.Error:
        return None
    return name if forked and not name.startswith("python") else None


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return dict(process.environ())
    except psutil.Error:  # the process ended meanwhile, or belongs to another user
        return {}


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
