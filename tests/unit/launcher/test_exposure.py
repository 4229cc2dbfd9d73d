"""`make up` finds each port that its stack opens to other machines."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.running import exposure
from tidings_local.launcher.running.exposure import Listener, check_listeners, listeners_of
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.running.supervisor_config import SERVICE_MARK, STACK_MARK
from tidings_local.launcher.settings import ROOT

# One loopback address is treated as another interface: no test opens a port to other machines.
LISTENS = """
import socket, sys
kind = socket.SOCK_DGRAM if sys.argv[2] == "udp" else socket.SOCK_STREAM
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
listener = socket.socket(family, kind)
listener.bind((sys.argv[1], 0))
if kind == socket.SOCK_STREAM:
    listener.listen()
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack("local", tmp_path, Ports(4566))


@contextmanager
def process(environment: dict[str, str], address: str, transport: str = "tcp") -> Iterator[int]:
    """Start a process that listens, and yield its port."""
    with subprocess.Popen(
        [sys.executable, "-c", LISTENS, address, transport],
        env={"PATH": os.defpath} | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as listening:
        assert listening.stdout is not None
        yield int(listening.stdout.readline())
        listening.communicate()


def marks(stack: Stack, service: str = "redis") -> dict[str, str]:
    return {STACK_MARK: str(stack.folder), SERVICE_MARK: service}


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "::1", "::ffff:127.0.0.1"])
def test_a_loopback_address_is_private(address: str) -> None:
    assert Listener("redis", address, 4569).is_private


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "::", "10.1.2.3", "192.168.1.5", "fe80::1%eth0", "::ffff:10.1.2.3"]
)
def test_any_other_address_is_not_private(address: str) -> None:
    assert not Listener("redis", address, 4569).is_private


def test_a_port_of_the_stack_is_found_with_its_service(stack: Stack) -> None:
    with process(marks(stack, "mongodb"), "127.0.0.1") as port:
        assert listeners_of(stack) == {Listener("mongodb", "127.0.0.1", port)}


def test_a_udp_port_is_found(stack: Stack) -> None:
    with process(marks(stack), "127.0.0.1", "udp") as port:
        assert listeners_of(stack) == {Listener("redis", "127.0.0.1", port, "udp")}


def test_dns_socket_of_rabbitmq_is_no_listener(stack: Stack) -> None:
    with process(marks(stack, "rabbitmq"), "127.0.0.1", "udp"):
        assert listeners_of(stack) == set()
    with process(marks(stack, "rabbitmq"), "127.0.0.1") as port:
        assert listeners_of(stack) == {Listener("rabbitmq", "127.0.0.1", port)}


def test_a_port_that_a_function_opens_is_found(stack: Stack) -> None:
    task_root = {"LAMBDA_TASK_ROOT": f"{stack.folder}/run/lambda/packages/x"}
    with process(task_root, "127.0.0.1") as port:
        assert listeners_of(stack) == {Listener("runner", "127.0.0.1", port)}


def test_ports_of_other_programs_are_ignored(stack: Stack) -> None:
    with process({STACK_MARK: f"{stack.folder}-2"}, "127.0.0.1"), socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        own.listen()
        assert listeners_of(stack) == set()


def test_a_connection_is_no_listener(stack: Stack) -> None:
    """A connected socket accepts no connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        connects = "import socket,sys; c=socket.create_connection(('127.0.0.1', int(sys.argv[1])));"
        waits = "print(1, flush=True); sys.stdin.read()"
        with subprocess.Popen(
            [sys.executable, "-c", connects + waits, str(server.getsockname()[1])],
            env=marks(stack),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as client:
            assert client.stdout is not None
            client.stdout.readline()
            assert listeners_of(stack) == set()
            client.communicate()


def test_stack_on_the_loopback_is_accepted(stack: Stack) -> None:
    with process(marks(stack), "127.0.0.1"):
        check_listeners(stack)


def exposed_for(looks: list[set[Listener]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Return what is found when the stack shows these listeners, one set at each check."""

    def shown(_: Stack) -> set[Listener]:
        return looks.pop(0) if len(looks) > 1 else looks[0]

    monkeypatch.setattr(exposure, "LOOK_AGAIN_SECONDS", 0)
    monkeypatch.setattr(exposure, "listeners_of", shown)


def test_an_open_port_is_refused_in_one_line_that_names_it(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ports = {Listener("localstack", "0.0.0.0", 4566), Listener("redis", "::", 4569)}
    exposed_for([open_ports], monkeypatch)
    with pytest.raises(LauncherError) as refused:
        check_listeners(stack)
    (line,) = refused.value.lines()
    assert "localstack listens on tcp 0.0.0.0:4566" in line
    assert "redis listens on tcp [::]:4569" in line
    assert "make down" in line


@pytest.mark.parametrize("looks", [1, exposure.LOOKS - 1])
def test_socket_that_closes_is_no_listener(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    waiting = {Listener("rabbitmq", "0.0.0.0", 50000, "udp")}
    exposed_for([*[waiting] * looks, set()], monkeypatch)
    check_listeners(stack)


def test_containers_publish_their_ports_on_the_loopback() -> None:
    compose = yaml.safe_load((ROOT / "infra" / "docker-compose.yaml").read_text())
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
