"""An SMTP server that accepts every mail and counts it by its Message-ID."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.settings import run_options


class Sink:
    """The number of arrivals of each Message-ID."""

    def __init__(self) -> None:
        self.arrived: Counter[str] = Counter()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content)
        self.arrived[str(message["Message-ID"])] += 1
        return "250 taken"

    def times(self, notification_id: str) -> int:
        """Return how often the mail of a notification arrived."""
        return sum(count for each, count in self.arrived.items() if notification_id in each)


@contextmanager
def mail_sink() -> Iterator[Sink]:
    """Accept mails at the address that `make test-faults` configured in the stack."""
    url = run_options().smtp_url
    assert url, "TIDINGS_SMTP_URL is not set; run `make test-faults`"
    address = urlsplit(url)
    sink = Sink()
    server: Any = Controller(sink, hostname=str(address.hostname), port=address.port or 25)
    server.start()
    try:
        yield sink
    finally:
        server.stop()
