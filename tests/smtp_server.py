"""A real SMTP server on this machine that stores mails, or fails at a chosen step."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from tests.ports import reserved_port

HANG_UP = "hang up"
TAKE_AND_HANG_UP = "take and hang up"


class Sink:
    """Stores mails; `answers` sets its answer to a step, such as `{"RCPT": "550 no such user"}`.

    After the content it can also `HANG_UP`, or `TAKE_AND_HANG_UP`: store the mail, and close the
    connection without an answer.
    """

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.sessions: set[int] = set()
        self.answers: dict[str, str] = {}
        self.port = 0
        self.logins: list[tuple[bytes, bytes]] = []
        self._arrived: Counter[str] = Counter()

    @property
    def mails(self) -> list[EmailMessage]:
        parser = BytesParser(policy=policy.default)
        return [parser.parsebytes(_content(each)) for each in self.envelopes]

    def times(self, notification_id: str) -> int:
        """Return how often the mail of a notification arrived."""
        return self._arrived[notification_id]

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
        if answer.startswith("250") or answer == TAKE_AND_HANG_UP:
            self.envelopes.append(envelope)
            headers = BytesHeaderParser().parsebytes(_content(envelope))
            self._arrived[str(headers["X-Notification-Id"])] += 1
        if answer in (HANG_UP, TAKE_AND_HANG_UP):
            server.transport.close()
        return answer

    def authenticate(self, _s: Any, _session: Any, _e: Any, _mechanism: str, data: Any) -> Any:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"pass word", handled=False)


@contextmanager
def smtp_server(sink: Sink, port: int | None = None, /, **options: Any) -> Iterator[int]:
    """Start the server at a port of the loopback, or at any free one; return its port."""
    if port is not None:
        with _listening(sink, port, options):
            yield port
        return
    with reserved_port() as free, _listening(sink, free, options):
        yield free


@contextmanager
def _listening(sink: Sink, port: int, options: dict[str, Any]) -> Iterator[None]:
    controller = Controller(sink, hostname="127.0.0.1", port=port, ready_timeout=60, **options)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def _content(envelope: Envelope) -> bytes:
    assert isinstance(envelope.original_content, bytes)
    return envelope.original_content
