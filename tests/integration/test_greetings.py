"""Tests of the requests by which `make status` checks servers of each kind."""

import os
import socket
import threading
from urllib.parse import urlsplit

import pytest

from tidings_local.launcher.running.services import mongodb, rabbitmq, redis, service
from tidings_local.launcher.running.services.service import greets

SERVERS = {
    "TIDINGS_REDIS_URL": redis.GREETING,
    "TIDINGS_AMQP_URL": rabbitmq.GREETING,
    "TIDINGS_MONGODB_URI": mongodb.GREETING,
}


@pytest.mark.parametrize("variable", SERVERS)
def test_server_answers_its_greeting(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PROBE_TIMEOUT_SECONDS", 60.0)
    port = urlsplit(os.environ[variable]).port
    assert port
    greets(port, SERVERS[variable])


def test_server_that_only_accepts_connections_does_not_answer() -> None:
    # Like a frozen process.
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TimeoutError):
        greets(silent.getsockname()[1], b"PING")


def test_server_that_closes_the_connection_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as rude:
        ending = threading.Thread(target=lambda: rude.accept()[0].close())
        ending.start()
        with pytest.raises(ConnectionError):
            greets(rude.getsockname()[1], b"PING")
        ending.join(60)
