"""A real receiver of webhooks on this machine, and the choice of the servers for mails."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest

from tidings.delivery.channels import email
from tidings.platform.mail_servers import mail_servers
from tidings.platform.providers import https, public_hosts
from tidings_local.launcher.running.certificate import certificate_beside, ensure_certificate

# The host of a customer's webhook; the tests' resolver maps it to this machine.
CUSTOMERS_HOST: Final = "hooks.example.com"


class Certificate:
    """A certificate for localhost and a customer's host, and its authority."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "localhost.pem"
        ensure_certificate(self._file, more_names=[CUSTOMERS_HOST])

    def server_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._file)
        return context

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(certificate_beside(self._file)))


def mails_by(patch: pytest.MonkeyPatch, *servers: str) -> None:
    """Send mails by these servers in their order, written as in `TIDINGS_MAIL_PROVIDERS`."""
    found = mail_servers(servers)
    patch.setattr(email, "providers_of_mails", lambda: found)


class Receiver:
    """A webhook receiver that answers with `status` and stores the requests."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        # Runs instead of an answer.
        self.instead: Callable[[BaseHTTPRequestHandler], None] | None = None


@contextmanager
def public_receiver(
    receiver: Receiver, certificate: Certificate, patch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Start the receiver on this machine, which counts as public; return its URL."""
    patch.setattr(public_hosts, "is_public", lambda address: address == "127.0.0.1")
    patch.setattr(https, "tls_context", certificate.client_context)
    patch.setattr(public_hosts, "lookup", lambda _, port: [ipv4("127.0.0.1", port)])
    with https_server(receiver, certificate) as port:
        yield f"https://{CUSTOMERS_HOST}:{port}/hooks/tidings?of=shop"


def ipv4(address: str, port: int) -> tuple[object, ...]:
    """Return an answer of the resolver."""
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))


@contextmanager
def https_server(receiver: Receiver, certificate: Certificate) -> Iterator[int]:
    """Start the receiver; return its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.requests.append((self.path, dict(self.headers), body))
            if receiver.instead:
                receiver.instead(self)
                return
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = certificate.server_context().wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
