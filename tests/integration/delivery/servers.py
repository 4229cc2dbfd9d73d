"""Real servers on this machine: an SMTP server and a receiver of webhooks."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from tests.ports import reserved_port
from tidings.delivery.channels import email
from tidings.platform.mail_servers import mail_servers
from tidings.platform.providers import https, public_hosts
from tidings_local.launcher.running.certificate import certificate_beside, ensure_certificate

# The host of a customer's webhook; the tests' resolver maps it to this machine.
CUSTOMERS_HOST: Final = "hooks.example.com"
Refuse = Callable[[str], str | None]


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


class Sink:
    """An SMTP server that stores mails; `answers` sets its answer to a step."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.sessions: set[int] = set()
        self.answers: dict[str, str] = {}
        self.port = 0
        self.logins: list[tuple[bytes, bytes]] = []

    @property
    def mails(self) -> list[EmailMessage]:
        parser = BytesParser(policy=policy.default)
        return [parser.parsebytes(each.original_content) for each in self.envelopes]  # type: ignore[arg-type]

    async def handle_MAIL(  # noqa: N802
        self, _server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sessions.add(id(session))
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.get("DATA", "250 OK: queued as 4711")
        if answer == "take and hang up":
            self.envelopes.append(envelope)
        if answer.endswith("hang up"):
            server.transport.close()
        elif answer.startswith("250"):
            self.envelopes.append(envelope)
        return answer

    def authenticate(self, _s: Any, _session: Any, _e: Any, _mechanism: str, data: Any) -> Any:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"pass word", handled=False)


@contextmanager
def smtp_server(sink: Sink, **options: Any) -> Iterator[int]:
    """Start the SMTP server; return its port."""
    with reserved_port() as port:
        controller = Controller(sink, hostname="127.0.0.1", port=port, ready_timeout=60, **options)
        controller.start()
        try:
            yield port
        finally:
            controller.stop()


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
