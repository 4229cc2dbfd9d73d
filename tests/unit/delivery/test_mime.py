"""Mails show text as it was typed, and typed text never becomes a header or a part of a mail."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.parser import BytesParser
from shutil import which
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.delivery.wire import ENCODED_WORD, shown, split
from tidings.delivery import headers
from tidings.delivery.errors import TemporaryFailure, Undeliverable
from tidings.delivery.mime import mail_of
from tidings.delivery.outgoing import Address, OutgoingMessage, Rendered

AT = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
FROM = "Tidings <no-reply@tidings.example>"
LINK = "https://tidings.example/" + "a" * 400
ONCE = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Notification-Id",
        "X-Correlation-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version",
        "Content-Type"]  # fmt: skip
FORGED = "=?utf-8?q?A=0D=0ABcc:_x@e.example?="
HOSTILE = [
    FORGED,
    f"Hello {FORGED} there",
    f"({FORGED})",
    f'"{FORGED}"',
    f"{FORGED}{FORGED}",
    f"{FORGED}\r\n {FORGED}",
    "=?utf-8?b?QQ0KQmNjOiB4QGUuZXhhbXBsZQ0KDQo8aDE+?=",
    "=?UTF-8*EN?Q?A=0ABcc:_x?=",
    "=?utf-16?b?DQAKAEIAYwBjADoA?=",
    "=?utf-7?q?+AA0ACg-Bcc:_x?=",
    "=?iso-2022-jp?b?G3IhDQpCY2M6IHg=?=",
    "=?unknown-8bit?q?=0D=0ABcc:_x?=",
    "=?us-ascii?q?=0d=0aBcc:?= =?us-ascii?q?_x?=",
    "=?utf-8?q?=3D=3Futf-8=3Fq=3F=3D0D=3D0ABcc=3A=5Fx=3F=3D?=",
    "=?utf-8?q?=E2=80=A8Bcc:_x=C2=85Bcc:_y?=",
    "=?utf-8?q?A=0D=0A",
    "=0D=0ABcc:_x?=",
    "Ada\r\nBcc: victim@example.com\r\n\r\nEvil\x00",
    "Ada\rBcc: x\nBcc: y\u2028Bcc: z\x85Bcc: n\x0bBcc: v\x0cBcc: f\x1cBcc: s",
    "Ada\r\n Bcc: folded\r\n\tBcc: folded",
    "\ud800\udc00 =?utf-8?q?=ED=A0=80?=",
    '<script>,;:\\"@[]()',
    "group: a@b.example;",
    "x@y.example>, <z@w.example",
    " ",
    "\r\n",
    "Я" * 300,
    "👩‍👩‍👧" * 90,
    "a" * 300,
    "word " * 60,
    "a, " * 60,
]
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=250),
    st.text(alphabet=st.characters(codec=None), max_size=60),
    st.lists(
        st.sampled_from([*HOSTILE, "=?", "?=", "?q?", "utf-8", "=0D=0A", "\r\n", "\u2028", "\x85"]),
        max_size=6,
    ).map("".join),
    st.builds(
        "=?{}?{}?{}?=".format,
        st.sampled_from(["utf-8", "UTF-16", "utf-7", "latin1", "idna", "rot13", "unicode_escape"]),
        st.sampled_from("qQbBx"),
        st.text(max_size=60),
    ),
)


def a_mail(name: str = "Ada", subject: str = "Words", **more: Any) -> OutgoingMessage:
    content = {
        "notification_id": "n1", "channel": "email", "user_id": "u1", "kind": "k",
        "category": "orders", "address": Address(email="ada@example.com", name=name),
        "rendered": Rendered(subject=subject, text="text", html="<p>x</p>"),
        "correlation_id": "c1", "unsubscribe_url": LINK,
    }  # fmt: skip
    return OutgoingMessage.model_validate(content | more)


def as_typed(text: str, limit: int) -> str:
    """Return the text on one line: line breaks and control characters become blanks."""
    return headers.one_line(text, limit)


@settings(max_examples=400)
@given(texts, texts)
@example(FORGED, FORGED)
def test_typed_text_is_shown_and_makes_no_header(name: str, subject: str) -> None:
    raw = mail_of(a_mail(name, subject), mail_from=FROM, at=AT).raw
    wire = split(raw)
    assert sorted(key for key, _ in wire.headers) == sorted(ONCE)
    assert shown(wire.value("Subject")) == as_typed(subject, 200)
    to = wire.value("To")
    assert to.endswith("ada@example.com") or to.endswith("<ada@example.com>")
    assert shown(to.removesuffix("<ada@example.com>").rstrip()) == (
        as_typed(name, 100) or "ada@example.com"
    )
    plain = mail_of(a_mail(), mail_from=FROM, at=AT).raw
    assert _parts(wire.body) == _parts(split(plain).body)


@settings(max_examples=200)
@given(texts, texts)
def test_mail_program_reads_the_typed_text(name: str, subject: str) -> None:
    raw = mail_of(a_mail(name, subject), mail_from=FROM, at=AT).raw
    mail = BytesParser(policy=policy.default).parsebytes(raw)
    assert mail["Subject"] == as_typed(subject, 200)
    assert [each.addr_spec for each in mail["To"].addresses] == ["ada@example.com"]
    # `display_name` has blanks between encoded words, which mail programs do not show.
    to = str(BytesParser(policy=policy.compat32).parsebytes(raw)["To"])
    read = str(make_header(decode_header(to.replace("\r\n", "")))).removesuffix("<ada@example.com>")
    assert read.rstrip() == (as_typed(name, 100) or "ada@example.com")
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail.defects == []


@settings(max_examples=300)
@given(texts, texts)
@example("Я" * 100, "👩‍👩‍👧" * 60)
def test_encoded_words_are_whole_and_within_the_limit(name: str, subject: str) -> None:
    sender = f"{as_typed(name, 90) or 'x'} <no-reply@tidings.example>"
    message = a_mail(name, subject)
    wire = split(mail_of(message, mail_from=sender, at=AT).raw)
    for line in wire.head_lines:
        words = list(ENCODED_WORD.finditer(line.decode()))
        assert not words or len(line) <= 76
        for word in words:
            assert len(word[0]) <= 75
            shown(word[0])  # raises if the word ends within a character
    assert f"List-Unsubscribe: <{LINK}>".encode() in wire.head_lines


@given(st.text(max_size=400))
@example("a\rb\nc\r\nd\x85e\u2028f\x0bg")
def test_body_has_the_text_in_lines_of_76(text: str) -> None:
    message = a_mail(rendered=Rendered(subject="s", text=text, html=text))
    raw = mail_of(message, mail_from=FROM, at=AT).raw
    assert raw.isascii()
    assert max(len(line) for line in split(raw).body.split(b"\r\n")) <= 76
    for part in BytesParser(policy=policy.default).parsebytes(raw).iter_parts():
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        wanted = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        assert payload.decode().replace("\r\n", "\n").rstrip("\n") == wanted


@given(texts)
def test_malformed_correlation_id_is_left_out(correlation: str) -> None:
    wire = split(mail_of(a_mail(correlation_id=correlation), mail_from=FROM, at=AT).raw)
    there = [value for key, value in wire.headers if key == "X-Correlation-Id"]
    assert there in ([], [correlation])
    assert not there or "=?" not in correlation


@pytest.mark.parametrize("id_", [FORGED, "n\r\n1", "n 1", "", "n" * 65])
def test_notification_with_a_malformed_id_is_refused(id_: str) -> None:
    with pytest.raises(ValueError, match="notification_id"):
        a_mail(notification_id=id_)


@pytest.mark.parametrize(
    ("sender", "link"),
    [(f"Tidings <{FORGED}@tidings.example>", LINK), ("a\r\nb@c.example", LINK),
     (FROM, f"{LINK}\r\nBcc: x"), (FROM, f"{LINK}/ü"), (FROM, f"{LINK}{FORGED}"),
     (FROM, LINK * 3)],
)  # fmt: skip
def test_malformed_setting_is_a_temporary_failure(sender: str, link: str) -> None:
    with pytest.raises(TemporaryFailure) as failed:
        mail_of(a_mail(unsubscribe_url=link), mail_from=sender, at=AT)
    assert failed.value.reason == "misconfigured"


@pytest.mark.parametrize("name", [FORGED, "Grüße von Tidings", "A" * 90, "Tidings, Inc."])
def test_sender_is_shown_as_it_is_set(name: str) -> None:
    mail = mail_of(a_mail(), mail_from=f"{name} <no-reply@tidings.example>", at=AT)
    assert mail.sender == "no-reply@tidings.example"
    value = split(mail.raw).value("From")
    assert shown(value.removesuffix("<no-reply@tidings.example>").rstrip()) == name


@pytest.mark.parametrize(
    ("address", "recipient"),
    [("ada@faß.de", "ada@xn--fa-hia.de"),
     ("ada@κλαρα-σωλις.ευ", "ada@xn----ylba7abgd9bnh0e.xn--qxa6a"),
     ("ada@bücher.example", "ada@xn--bcher-kva.example"),
     ("ada@xn--fa-hia.de", "ada@xn--fa-hia.de")],
)  # fmt: skip
def test_domain_is_written_by_idna_2008(address: str, recipient: str) -> None:
    mail = mail_of(a_mail(address=Address(email=address)), mail_from=FROM, at=AT)
    assert mail.recipient == recipient
    assert split(mail.raw).value("To") == recipient


@pytest.mark.parametrize("address", [f"{FORGED}@example.com", "ü@example.com", '"a b"@c.example',
                                     "a@b.example>, <c@d.example", "a@xn--a.de"])  # fmt: skip
def test_malformed_address_is_undeliverable(address: str) -> None:
    with pytest.raises(Undeliverable) as failed:
        mail_of(a_mail(address=Address(email=address)), mail_from=FROM, at=AT)
    assert failed.value.reason == "bad_address"


def test_headers_are_the_same_under_the_systems_python() -> None:
    """The module itself refuses line breaks, because Debian's Python 3.11.2 does not."""
    python = which("python3", path="/usr/bin") or sys.executable
    hostile = json.dumps(HOSTILE)
    made = subprocess.run(
        [python, "-c", OTHER_PYTHON, headers.__file__],
        input=hostile, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    here = [headers.text("Subject", each, at_most=200) for each in json.loads(hostile)]
    assert json.loads(made.stdout) == here


OTHER_PYTHON: Final = """
import json, runpy, sys, types
for name in ("tidings", "tidings.platform", "tidings.platform.text.cuts"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["tidings.platform.text.cuts"].cut = lambda text, at_most: text[:at_most]
text = runpy.run_path(sys.argv[1])["text"]
print(json.dumps([text("Subject", each, at_most=200) for each in json.load(sys.stdin)]))
"""


def _parts(body: bytes) -> list[tuple[str, str]]:
    boundary = body.split(b"\r\n", 1)[0]
    assert boundary.startswith(b"--")
    return [
        (head.decode(), rest.decode())
        for head, _, rest in (part.partition(b"\r\n\r\n") for part in body.split(boundary))
    ]


def test_line_is_cut_at_a_whole_character() -> None:
    assert headers.one_line("x" * 199 + "👨‍👩‍👧", 200) == "x" * 199
    assert headers.one_line("x" * 198 + "🇩🇪🇫🇷", 201) == "x" * 198 + "🇩🇪"
