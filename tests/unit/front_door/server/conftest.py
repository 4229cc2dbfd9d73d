"""Fixtures of a front door with real sockets and TLS, on its own event loop."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.front_door.server.certificate import make_certificate
from tests.unit.front_door.server.looping import Run, loop_in_a_thread
from tests.unit.front_door.server.running import RunningDoor


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("front-door") / "localhost.pem")


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[Run]:
    with loop_in_a_thread() as run:
        yield run


@pytest.fixture
def door(certificate: Path, loop_thread: Run) -> Iterator[RunningDoor]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    running = RunningDoor(loop_thread, tls, certificate)
    running.start()
    yield running
    running.end()
    running.upstream.close()
    running.live.close()
