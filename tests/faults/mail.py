"""The mail server of `make test-faults`."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.settings import run_options
from tests.smtp_server import Sink, smtp_server


@contextmanager
def mail_sink() -> Iterator[Sink]:
    """Accept mails at the address that `make test-faults` configured in the stack."""
    url = run_options().smtp_url
    assert url, "TIDINGS_SMTP_URL is not set; run `make test-faults`"
    sink = Sink()
    with smtp_server(sink, urlsplit(url).port or 25):
        yield sink
