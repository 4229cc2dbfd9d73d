"""Mails through a real SMTP server and SES, read with a mail program's parser."""

import re
import socket
from collections.abc import Iterator
from email import policy
from email.parser import BytesParser
from urllib.parse import quote

import pytest
from pymongo.errors import AutoReconnect

from tests.integration.delivery.messages import a_mail, aws, localstack
from tests.integration.delivery.servers import Certificate, mails_by
from tests.integration.patience import be_as_deployed
from tests.smtp_server import HANG_UP, Sink, smtp_server
from tests.unit.delivery.wire import shown, split
from tidings.delivery.channels import deliver, email, is_idempotent
from tidings.delivery.errors import PermanentFailure, TemporaryFailure
from tidings.delivery.headers import one_line
from tidings.delivery.outgoing import Rendered
from tidings.delivery.suppression import suppressed
from tidings.delivery.unsubscribe_links import unsubscribe_url
from tidings.platform.providers import smtp
from tidings.platform.settings import settings
from tidings.platform.timing.clock import new_id

FORGED = "=?utf-8?q?x=0D=0AFrom=3A_ceo=40bank=2Eexample=0D=0A=0D=0A=3Ch1=3EForged=3C=2Fh1=3E?="
EVIL = "Ada\r\nBcc: victim@example.com\r\n\r\nEvil body\x00\u2028\x85"


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def through(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """Send mails to the sink."""
    with smtp_server(sink) as port:
        sink.port = port
        mails_by(monkeypatch, f"smtp://127.0.0.1:{port}")
        yield sink


def test_mail_has_both_parts_and_all_required_headers(through: Sink) -> None:
    words = Rendered(subject="Grüße ☃ " + "ä" * 80, text="Schönen Tag\n", html="<p>Schönen Tag</p>")
    link = unsubscribe_url(new_id(), "orders", new_id())
    message = a_mail(name="Ådne Ødegård, 李", rendered=words, unsubscribe_url=link)
    receipt = deliver(message)
    (mail,) = through.mails
    assert mail["Subject"] == words.subject
    assert mail["To"].addresses[0].display_name == "Ådne Ødegård, 李"
    assert mail["To"].addresses[0].addr_spec == "ada@example.com"
    assert str(mail["From"]) == "Tidings <no-reply@tidings.example>"
    assert mail["Message-ID"] == f"<{message.notification_id}@tidings.example>"
    assert mail["List-Unsubscribe"] == f"<{link}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Correlation-Id"] == "correlation-1"
    assert mail["Date"].datetime.tzinfo is not None
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert (plain.get_content_type(), plain.get_content().strip()) == ("text/plain", "Schönen Tag")
    assert (html.get_content_type(), html.get_content().strip()) == ("text/html", words.html)
    assert (receipt.provider, receipt.is_final) == ("smtp", True)
    assert "4711" in (receipt.detail or "")


def test_mail_is_seven_bit_and_keeps_its_links(through: Sink) -> None:
    link = unsubscribe_url(new_id(), "promotions", new_id())
    deliver(a_mail(name="李" * 60, unsubscribe_url=link))
    raw = through.envelopes[0].original_content or b""
    assert raw.isascii()
    assert f"List-Unsubscribe: <{link}>\r\n".encode() in raw
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


@pytest.mark.parametrize(
    "evil", [EVIL, FORGED, "\r\n", "\n.\r\nMAIL FROM:<x@example.com>", '"<>,;:\\"']
)
def test_name_and_subject_never_become_a_header(through: Sink, evil: str) -> None:
    deliver(a_mail(name=evil, rendered=Rendered(subject=evil, text="text", html="<p>html</p>")))
    (mail,), (envelope,) = through.mails, through.envelopes
    assert mail["Bcc"] is None
    assert envelope.rcpt_tos == ["ada@example.com"]
    assert [each.addr_spec for each in mail["To"].addresses] == ["ada@example.com"]
    assert [part.get_content().strip() for part in mail.iter_parts()] == ["text", "<p>html</p>"]
    ours = {"from", "to", "subject", "date", "message-id", "auto-submitted"}
    ours |= {"x-notification-id", "x-correlation-id", "mime-version", "content-type"}
    assert sorted(name.lower() for name in mail) == sorted(ours)
    assert mail["Subject"] == one_line(evil, 200)
    assert [str(mail["From"]), envelope.mail_from] == [
        "Tidings <no-reply@tidings.example>", "no-reply@tidings.example",
    ]  # fmt: skip
    content = envelope.original_content or b""
    head, _, body = content.partition(b"\r\n\r\n")
    assert not re.search(rb"^Bcc:", content, re.MULTILINE)
    assert head.count(b"From:") == 1
    assert b"<h1>" not in body


def test_lines_with_a_lone_dot_arrive(through: Sink) -> None:
    text = "one\n.\n..two\nQUIT\n"
    deliver(a_mail(rendered=Rendered(subject="dots", text=text)))
    assert through.mails[0].get_content().splitlines() == text.splitlines()


@pytest.mark.parametrize(
    "address", ["", "ada", "ada@", "@example.com", "a\r\nRCPT TO:<b@c>@example.com", "a b@c.de",
                "ada@example.com>\r\nDATA", "ädä@example.com", "ada@ex ample.com"]
)  # fmt: skip
def test_malformed_address_fails_for_good_without_a_connection(through: Sink, address: str) -> None:
    with pytest.raises(PermanentFailure) as failed:
        deliver(a_mail(address))
    assert failed.value.reason in {"bad_address", "no_address"}
    assert not failed.value.retryable
    assert through.sessions == set()


def test_domain_of_another_script_is_written_in_punycode(through: Sink) -> None:
    for each in ("bücher.example", "faß.de", "κλαρα-σωλις.ευ"):
        deliver(a_mail(f"ada@{each}"))
    assert [each.rcpt_tos for each in through.envelopes] == [
        ["ada@xn--bcher-kva.example"],
        ["ada@xn--fa-hia.de"],
        ["ada@xn----ylba7abgd9bnh0e.xn--qxa6a"],
    ]


def test_server_whose_name_is_of_another_script_is_looked_up_by_idna_2008(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []

    def resolve(host: object, *_: object, **__: object) -> list[object]:
        asked.append(host)
        raise socket.gaierror

    mails_by(monkeypatch, "smtp://mail.faß.de:25")
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(TemporaryFailure):
        deliver(a_mail())
    assert "mail.xn--fa-hia.de" in asked
    assert not [host for host in asked if "fass" in str(host)]


def test_connection_is_kept_for_the_next_mail(through: Sink) -> None:
    for _ in range(3):
        deliver(a_mail())
    assert len(through.sessions) == 1
    assert len(through.envelopes) == 3


def test_server_that_restarted_gets_the_next_mail(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        with smtp_server(sink) as port:
            mails_by(monkeypatch, f"smtp://127.0.0.1:{port}")
            deliver(a_mail())
    assert len(sink.envelopes) == 2


@pytest.mark.parametrize(
    ("step", "answer", "reason", "of_provider"),
    [
        ("RCPT", "550 no such user", "unknown_recipient", None),
        ("RCPT", "550 5.1.1 no such user", "unknown_recipient", None),
        ("RCPT", "550 5.7.1 not from you", "refused", None),
        ("RCPT", "552 5.2.2 mailbox full", "refused", None),
        ("RCPT", "554 no", "refused", None),
        ("RCPT", "530 5.7.0 sign in first", "misconfigured", True),
        ("RCPT", "554 5.7.1 <ada@example.com>: Relay access denied", "misconfigured", True),
        ("RCPT", "550 unable to relay", "misconfigured", True),
        ("DATA", "554 spam", "rejected", None),
        ("RCPT", "450 busy", "mailbox_busy", False),
        ("RCPT", "421 shutting down", "mailbox_busy", True),
        ("DATA", "451 later", "unavailable", True),
        ("MAIL", "550 not you", "misconfigured", True),
    ],
)
def test_smtp_answers_are_classified(
    through: Sink, step: str, answer: str, reason: str, of_provider: bool | None
) -> None:
    through.answers[step] = answer
    with pytest.raises((PermanentFailure, TemporaryFailure)) as failed:
        deliver(a_mail())
    assert failed.value.reason == reason
    assert failed.value.retryable == (of_provider is not None)
    assert getattr(failed.value, "of_provider", None) == of_provider
    assert failed.value.of_recipient == (step == "RCPT" and of_provider is not True)
    assert not getattr(failed.value, "maybe_sent", False)
    through.answers.clear()
    deliver(a_mail())
    assert len(through.envelopes) == 1


@pytest.mark.parametrize(
    ("step", "answer", "reason"),
    [
        ("RCPT", "550 5.1.1 no such user", "hard_bounce"),
        ("RCPT", "550 5.7.1 not from you", None),
        ("RCPT", "450 busy", None),
        ("DATA", "550 5.1.1 spam", None),
    ],
)
def test_mailbox_unknown_to_its_server_is_suppressed(
    through: Sink, step: str, answer: str, reason: str | None
) -> None:
    address = "Ada@bücher.example"
    through.answers[step] = answer
    with pytest.raises((PermanentFailure, TemporaryFailure)):
        deliver(a_mail(address))
    assert suppressed([address]).get(address) == reason


@pytest.mark.parametrize(
    ("answer", "of_recipient"),
    [("450 busy", True), ("450 4.2.1 busy", True), ("450 4.1.2 no such domain now", True),
     ("450 4.7.1 too many mails from you", False), ("452 4.3.1 disk full", False),
     ("451 4.4.3 no resolver", False)],
)  # fmt: skip
def test_busy_mailbox_and_busy_server_are_distinguished(
    through: Sink, answer: str, of_recipient: bool
) -> None:
    """After the last attempt, the first is the recipient's problem, the second an operator's."""
    through.answers["RCPT"] = answer
    with pytest.raises(TemporaryFailure) as failed:
        deliver(a_mail())
    assert (failed.value.reason, failed.value.of_recipient) == ("mailbox_busy", of_recipient)


def test_missing_answer_to_the_mail_is_uncertain(through: Sink) -> None:
    through.answers["DATA"] = HANG_UP
    with pytest.raises(TemporaryFailure) as failed:
        deliver(a_mail())
    assert failed.value.maybe_sent
    assert not is_idempotent("email")


def test_refused_connection_is_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    mails_by(monkeypatch, "smtp://127.0.0.1:9")
    with pytest.raises(TemporaryFailure) as failed:
        deliver(a_mail())
    assert not failed.value.maybe_sent


# ------------------------------------------------------------------- TLS and login


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_mail_goes_over_tls_with_a_login(
    scheme: str, sink: Sink, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "tls_context", certificate.client_context)
    tls = certificate.server_context()
    options = {"ssl_context": tls} if scheme == "smtps" else {"tls_context": tls}
    login = {"authenticator": sink.authenticate, "auth_required": True,
             "auth_require_tls": scheme != "smtps"}  # fmt: skip
    with smtp_server(sink, **options, **login) as port:
        url = f"{scheme}://ada:{quote('pass word')}@localhost:{port}"
        mails_by(monkeypatch, url)
        deliver(a_mail())
        assert sink.logins == [(b"ada", b"pass word")]
        assert len(sink.envelopes) == 1
        mails_by(monkeypatch, url.replace("pass", "bad"))
        with pytest.raises(TemporaryFailure) as failed:
            deliver(a_mail())
    assert failed.value.reason == "misconfigured"
    assert "pass" not in str(failed.value)


def test_nothing_is_sent_in_clear_where_tls_is_required(through: Sink) -> None:
    url = f"smtp://127.0.0.1:{through.port}"
    with pytest.MonkeyPatch.context() as patch:
        mails_by(patch, url.replace("smtp:", "smtp+starttls:"))
        with pytest.raises(TemporaryFailure) as failed:
            deliver(a_mail())
    assert failed.value.reason == "misconfigured"
    assert through.envelopes == []


def test_server_with_an_untrusted_certificate_gets_nothing(
    sink: Sink, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with smtp_server(sink, ssl_context=certificate.server_context()) as port:
        mails_by(monkeypatch, f"smtps://localhost:{port}")
        with pytest.raises(TemporaryFailure) as failed:
            deliver(a_mail())
    assert failed.value.reason == "misconfigured"
    assert sink.envelopes == []


# ------------------------------------------------------------------------------ SES


def test_ses_accepts_the_same_mail(sender: str) -> None:
    message = a_mail(name="Zoë Ünïcode")
    receipt = deliver(message)
    assert (receipt.provider, receipt.is_final) == ("ses", True)
    (kept,) = localstack(f"/_aws/ses?id={receipt.provider_message_id}")["messages"]
    assert kept["Source"] == sender
    mail = BytesParser(policy=policy.default).parsebytes(kept["RawData"].encode())
    assert str(mail["To"]) == "Zoë Ünïcode <ada@example.com>"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("typed", [FORGED, EVIL, "Я" * 90])
def test_ses_gets_the_typed_text_and_no_other_header(sender: str, typed: str) -> None:
    words = Rendered(subject=typed, text="text", html="<p>html</p>")
    receipt = deliver(a_mail("Ada@faß.de", typed, rendered=words))
    (kept,) = localstack(f"/_aws/ses?id={receipt.provider_message_id}")["messages"]
    assert kept["Source"] == sender
    wire = split(kept["RawData"].encode())
    assert len(wire.headers) == len({name for name, _ in wire.headers}) == 10
    assert shown(wire.value("Subject")) == one_line(typed, 200)
    assert "xn--fa-hia.de" in wire.value("To")
    assert all(len(line) <= 76 for line in wire.head_lines if b"=?" in line)


def test_sender_unknown_to_ses_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = settings().model_copy(update={"mail_from": f"{new_id()}@nobody.example"})
    monkeypatch.setattr(email, "settings", lambda: stranger)
    with pytest.raises(PermanentFailure) as failed:
        deliver(a_mail())
    assert failed.value.reason == "rejected"


def test_unavailable_ses_is_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3
    from botocore.config import Config

    from tidings.platform.providers import aws as clients

    config = Config(connect_timeout=1, retries={"total_max_attempts": 1})
    nobody = boto3.client("ses", endpoint_url="http://127.0.0.1:9", config=config)
    monkeypatch.setattr(clients, "client", lambda _: nobody)
    with pytest.raises(TemporaryFailure) as failed:
        deliver(a_mail())
    assert (failed.value.of_provider, failed.value.maybe_sent) == (True, False)


def test_aws_clients_do_not_retry_by_themselves() -> None:
    from tidings.platform.providers import aws as clients

    with pytest.MonkeyPatch.context() as patch:
        be_as_deployed(patch, clients)
        config = clients.client.__wrapped__("ses").meta.config
    assert config.retries["total_max_attempts"] == 1
    assert config.connect_timeout + config.read_timeout < 10
    assert aws("ses").meta.service_model.service_name == "ses"


def test_refusal_is_reported_also_where_the_address_cannot_be_suppressed(
    through: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail was refused, whether or not the next one is sent."""

    def away(*_: object) -> None:
        raise AutoReconnect

    monkeypatch.setattr(email, "suppress", away)
    through.answers["RCPT"] = "550 5.1.1 no such user"
    with pytest.raises(PermanentFailure):
        deliver(a_mail())
