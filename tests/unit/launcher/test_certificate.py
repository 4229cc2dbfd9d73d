"""The stack's certificate is valid for its names, made once, and renewed in time."""

import http.server
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating.api import GraphqlApi
from tidings_local.launcher.running import certificate, self_signed
from tidings_local.launcher.running.certificate import certificate_beside, ensure_certificate


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "localhost.pem"
    ensure_certificate(found)
    return found


def read(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate_beside(file).read_bytes())


def test_key_is_private_and_the_certificate_alone_is_for_clients(file: Path) -> None:
    assert file.stat().st_mode & 0o077 == 0
    assert "PRIVATE KEY" in file.read_text()
    assert "PRIVATE KEY" not in certificate_beside(file).read_text()
    assert certificate_beside(file).read_text() in file.read_text()


def test_it_is_made_once_and_checked_once_a_day(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, checks = file.read_bytes(), Counter[Path]()

    def is_good(public: Path) -> bool:
        checks[public] += 1
        return True

    monkeypatch.setattr(self_signed, "is_good", is_good)
    for _ in range(3):
        ensure_certificate(file)
    assert file.read_bytes() == before
    assert checks.total() == 1
    monkeypatch.setattr(certificate, "CHECKED_SECONDS", 0)
    ensure_certificate(file)
    assert checks.total() == 2


@pytest.mark.parametrize("was_checked", [True, False])
@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERTIFICATE-----\nbroken"])
def test_it_is_remade_where_the_clients_file_is_missing(
    file: Path, content: str | None, was_checked: bool
) -> None:
    if was_checked:
        ensure_certificate(file)
    before, public = file.read_bytes(), certificate_beside(file)
    public.unlink() if content is None else public.write_text(content)
    ensure_certificate(file)
    assert file.read_bytes() != before
    assert read(file)


def test_it_is_remade_where_the_key_is_missing(file: Path) -> None:
    before = read(file)
    file.unlink()
    ensure_certificate(file)
    assert read(file).serial_number != before.serial_number


@pytest.mark.parametrize(("days_left", "is_renewed"), [(29, True), (31, False)])
def test_it_is_renewed_before_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days_left: int, is_renewed: bool
) -> None:
    file = tmp_path / "short.pem"
    monkeypatch.setattr(self_signed, "VALID_DAYS", days_left)
    ensure_certificate(file)
    before = read(file).serial_number
    ensure_certificate(file)
    assert (read(file).serial_number != before) == is_renewed


def test_it_is_valid_now_and_for_as_long_as_apple_accepts(file: Path) -> None:
    made = read(file)
    now = datetime.now(UTC)
    assert made.not_valid_before_utc < now
    assert made.not_valid_after_utc - made.not_valid_before_utc < timedelta(days=825)


# ------------------------------------------------------------ requests of the launcher


class Server:
    """An HTTPS server with the certificate; it gives the same answer to every request."""

    def __init__(self, file: Path) -> None:
        self.status, self.body, self.headers = 200, b"{}", dict[str, str]()
        self.asked: list[tuple[str, str | None, bytes]] = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.asked.append((self.path, self.headers["Authorization"], body))
                self.send_response(server.status)
                for name, value in server.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(server.body)

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"https://localhost:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server(file: Path) -> Iterator[Server]:
    found = Server(file)
    yield found
    found.close()


class StackBehind:
    """The parts of a stack that a client of its API uses."""

    def __init__(self, url: str, file: Path) -> None:
        self.api_url, self.certificate = url, file


def api(server: Server, file: Path) -> GraphqlApi:
    stack: Any = StackBehind(server.url, file)
    return GraphqlApi(stack)


def test_answer_is_the_requested_field(server: Server, file: Path) -> None:
    server.body = b'{"data": {"me": {"id": "1"}}}'
    server.headers = {"X-Correlation-Id": "abc"}
    with api(server, file) as client:
        assert client.ask("query($a: Int) { me { id } }", token="t", a=1) == {"id": "1"}
        assert client.correlation_id == "abc"
    ((path, token, body),) = server.asked
    assert (path, token) == ("/graphql", "Bearer t")
    assert b'"variables":{"a":1}' in body.replace(b" ", b"")


def test_request_without_a_caller_sends_no_token(server: Server, file: Path) -> None:
    server.body = b'{"data": {"health": "up"}}'
    with api(server, file) as client:
        client.ask("{ health }")
    assert server.asked[0][1] is None


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b'{"data": null, "errors": [{"message": "Sign in first."}]}', "Sign in first."),
        (b'{"data": {"a": 1}, "errors": [{"message": "half"}]}', "half"),
        (b'{"message": "Missing Authentication Token"}', "Missing Authentication Token"),
        (b"{}", "no data"),
    ],
)
def test_refusal_is_reported(server: Server, file: Path, body: bytes, hint: str) -> None:
    server.body = body
    with api(server, file) as client, pytest.raises(LauncherError, match="refused") as told:
        client.ask("{ me { id } }")
    assert told.value.hint == hint


def test_answer_that_is_not_json_is_reported(server: Server, file: Path) -> None:
    server.status, server.body = 502, b"<html>Bad Gateway</html>"
    with api(server, file) as client, pytest.raises(LauncherError, match="does not answer as it"):
        client.ask("{ me { id } }")


def test_certificate_of_another_stack_is_not_trusted(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.pem"
    ensure_certificate(other)
    with api(server, other) as client, pytest.raises(LauncherError, match="does not answer as it"):
        client.ask("{ me { id } }")
    assert server.asked == []


def test_proxy_of_the_shell_is_not_used(
    server: Server, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    server.body = b'{"data": {"health": "up"}}'
    with api(server, file) as client:
        assert client.ask("{ health }") == "up"
