"""The containers' health check: its exit status is 0 only for a service that answers 200."""

import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.ports import reserved_port
from tidings_local.service.health_check import main


class Health(BaseHTTPRequestHandler):
    """Answers `/<status>` with that status, and `/health` with 200."""

    def do_GET(self) -> None:
        name = self.path.strip("/")
        self.send_response(200 if name == "health" else int(name))
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def address_string(self) -> str:
        return "client"


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        yield from serving(server, f"http://127.0.0.1:{server.server_port}")


@pytest.fixture
def socket_url(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "runner.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), Health) as server:
        yield from serving(server, f"unix:{path}")


def serving(server: socketserver.BaseServer, url: str) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield url
    server.shutdown()
    thread.join()


@pytest.mark.parametrize(("status", "exit_status"), [(200, 0), (503, 1), (302, 1), (404, 1)])
def test_exit_status_follows_the_answer(url: str, status: int, exit_status: int) -> None:
    assert main([f"{url}/{status}"]) == exit_status


def test_socket_of_the_runner_is_asked(socket_url: str) -> None:
    assert main([socket_url]) == 0


def test_absent_service_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with reserved_port() as port:
        for url in (f"http://127.0.0.1:{port}/health", f"unix:{tmp_path / 'none.sock'}"):
            assert main([url]) == 1
            assert f"{url} does not answer" in capsys.readouterr().err
