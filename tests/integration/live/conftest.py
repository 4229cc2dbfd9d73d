"""A server of the live inbox on this session's data, and clients for it."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn

from tests.integration.builders import token_of
from tests.live_client import LiveClient
from tests.unit.platform.builders import in_a_session
from tests.waiting import eventually
from tidings.platform.secrets import SigningKeys
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id
from tidings_live.app import app_of
from tidings_live.server import LiveServer
from tidings_live.settings import LiveSettings


@dataclass
class Running:
    """A server, and what opens clients of it."""

    server: LiveServer
    url: str
    clients: ExitStack

    def client(
        self, person: Principal | None, last_id: str | None = None, **headers: str
    ) -> LiveClient:
        """Return a connected client; it may have been refused."""
        own = {"Authorization": f"Bearer {token_of(person)}"} if person else {}
        return self.clients.enter_context(LiveClient(self.url, own | headers, last_id))

    def opened(self, person: Principal, last_id: str | None = None) -> LiveClient:
        """Return a client whose stream is open."""
        client = self.client(person, last_id)
        assert client.status == 200, client.answer
        client.waits_for("ready")
        return client


@pytest.fixture
def start(services: None, keys: SigningKeys) -> Iterator[Callable[..., Running]]:
    """Return a function that starts a server with settings."""
    with ExitStack() as ends:

        def started(**settings: Any) -> Running:
            # The long interval shows that signals are enough; a test may shorten it.
            values = {"port": 0, "catch_up_seconds": 3600, "heartbeat_seconds": 3600}
            server = LiveServer(LiveSettings.read(**(values | settings)))
            url = ends.enter_context(_serving(server))
            clients = ends.enter_context(ExitStack())
            eventually(lambda: server.health()["status"] == "ok", what="signals are received")
            return Running(server, url, clients)

        yield started


@pytest.fixture
def live(start: Callable[..., Running]) -> Running:
    return start()


@pytest.fixture
def ada() -> Principal:
    return someone()


def someone(role: Role = Role.CUSTOMER) -> Principal:
    """Return a person with a session."""
    return in_a_session(Principal(user_id=new_id(), role=role))


@contextlib.contextmanager
def _serving(server: LiveServer) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app_of(server), log_config=None, access_log=False, timeout_graceful_shutdown=1
    )
    served = uvicorn.Server(config)
    thread = threading.Thread(
        target=lambda: asyncio.run(served.serve(sockets=[listening])), daemon=True
    )
    thread.start()
    eventually(lambda: served.started, what="the server has started")
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        served.should_exit = True
        thread.join(60)
