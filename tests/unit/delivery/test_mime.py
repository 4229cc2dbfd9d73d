"""Mails are what a mail program reads back, whatever is in a name."""

from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser

from hypothesis import given
from hypothesis import strategies as st

from tidings.delivery.mime import mail_of
from tidings.delivery.schemas import Address, OutgoingMessage, Rendered

AT = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
FROM = "Tidings <no-reply@tidings.example>"
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Notification-Id",
           "X-Correlation-Id", "MIME-Version", "Content-Type"]  # fmt: skip


@given(st.text(max_size=150), st.text(max_size=250), st.text(max_size=300))
def test_any_text_stays_where_it_belongs(name: str, subject: str, text: str) -> None:
    message = OutgoingMessage(
        notification_id="n1", channel="email", user_id="u1", kind="k", category="orders",
        address=Address(email="ada@example.com", name=name), correlation_id=subject or None,
        rendered=Rendered(subject=subject, text=text, html="<p>x</p>"),
    )  # fmt: skip
    raw = mail_of(message, mail_from=FROM, at=AT).raw
    assert raw.isascii()
    mail = BytesParser(policy=policy.default).parsebytes(raw)
    assert set(mail.keys()) <= set(HEADERS)
    assert len(mail.keys()) == len(set(mail.keys()))
    assert [each.addr_spec for each in mail["To"].addresses] == ["ada@example.com"]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail.defects == []
