"""Other machines cannot reach a running stack: each port is on the loopback only."""

import socket
from urllib.parse import urlsplit

import pytest

from bootstrap import ROOT
from tests.settings import stack_under_test
from tidings_local.launcher.running.exposure import Listener, listeners_of
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack

OTHER_LOOPBACK = "127.0.0.2"
"""A server on 127.0.0.1 does not answer here; a server on every interface does."""


@pytest.fixture(scope="module")
def stack() -> Stack:
    under_test = stack_under_test()
    base = urlsplit(under_test.api_url).port
    assert base
    return Stack(under_test.name, ROOT / ".tidings" / "stacks" / under_test.name, Ports(base))


@pytest.fixture(scope="module")
def listeners(stack: Stack) -> set[Listener]:
    return listeners_of(stack)


def test_each_service_of_the_stack_was_checked(stack: Stack, listeners: set[Listener]) -> None:
    ports = stack.ports
    expected = {
        ("runner", ports.public),
        ("runner", ports.runner_metrics),
        ("localstack", ports.localstack),
        ("rabbitmq", ports.amqp),
        ("rabbitmq", ports.rabbitmq_management),
        ("rabbitmq", ports.rabbitmq_prometheus),
        ("rabbitmq", ports.erlang),
        ("epmd", ports.epmd),
        ("redis", ports.redis),
        ("redis-cache", ports.redis_cache),
        ("mongodb", ports.mongodb),
        ("bridge", ports.bridge),
    }
    assert expected <= {(each.service, each.port) for each in listeners}


def test_every_port_of_every_process_is_on_the_loopback(listeners: set[Listener]) -> None:
    assert [str(each) for each in sorted(listeners) if not each.is_private] == []


def test_connection_to_another_interface_is_refused(listeners: set[Listener]) -> None:
    answered = []
    for port in sorted({each.port for each in listeners if each.transport == "tcp"}):
        with socket.socket() as caller:
            caller.settimeout(2)
            if caller.connect_ex((OTHER_LOOPBACK, port)) == 0:
                answered.append(port)
    assert answered == []
