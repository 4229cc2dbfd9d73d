"""One mailbox has one canonical address."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from tidings.platform.providers.public_hosts import HttpsUrl
from tidings.platform.text.addresses import (
    BadAddress,
    Email,
    NewEmail,
    as_searched,
    canonical,
    canonical_of_report,
    envelope_address,
    mailable,
)
from tidings.platform.text.hostnames import ascii_host

SHARP_S: Final = ["a@faß.de", "A@FAẞ.DE", "a@xn--fa-hia.de", "A@XN--FA-HIA.DE", " a@faß.de ",
                  "a@faß.de.", "a@\uff46\uff41ß.de", "a@faß。de", '"a"@faß.de']  # fmt: skip
ASCII: Final = [
    "ada@fass.de",
    "Ada@FASS.de",
    "ada@\uff46\uff41\uff53\uff53\uff0e\uff44\uff45",
    '"ada"@fass.de',
    "ada@fass.de.",
]
GREEK: Final = ["a@κλαρα-σωλις.ευ", "a@xn----ylba7abgd9bnh0e.xn--qxa6a"]
UMLAUT: Final = ["a@bücher.example", "a@bu\u0308cher.example", "a@xn--bcher-kva.example",
                 "a@BÜCHER.example"]  # fmt: skip


class Stored(BaseModel):
    email: NewEmail


class Known(BaseModel):
    email: Email


@pytest.mark.parametrize("spellings", [SHARP_S, ASCII, GREEK, UMLAUT])
def test_spellings_of_a_mailbox_are_equal(spellings: list[str]) -> None:
    stored = {Stored(email=each).email for each in spellings}
    assert stored == {spellings[0]}
    assert {Known(email=each).email for each in spellings} == stored
    assert {canonical_of_report(each) for each in spellings} == stored
    for written in ("<{}>", "rfc822; {}", "RFC822;<{}>", "mailto:{}", "{} (Ada)", "<{}> (Ada)"):
        assert {canonical_of_report(written.format(each)) for each in spellings} == stored
    assert {canonical_of_report(f'"N, <x@y.example>" <{each}>') for each in spellings} == stored


@pytest.mark.parametrize(
    "others", [("a@faß.de", "a@fass.de"), ("a@κλαρα-σωλις.ευ", "a@κλαρα-σωλισ.ευ"),
               ("a.b@c.example", "ab@c.example"), ("a+b@c.example", "a@c.example")]
)  # fmt: skip
def test_mailboxes_that_differ_stay_apart(others: tuple[str, str]) -> None:
    one, other = (canonical(each) for each in others)
    assert one != other
    assert envelope_address(one) != envelope_address(other)


@pytest.mark.parametrize(
    ("address", "on_the_wire"),
    [
        ("a@faß.de", "a@xn--fa-hia.de"),
        ("a@κλαρα-σωλις.ευ", "a@xn----ylba7abgd9bnh0e.xn--qxa6a"),
        ("a@fass.de", "a@fass.de"),
    ],
)
def test_mail_servers_get_idna_2008(address: str, on_the_wire: str) -> None:
    assert envelope_address(canonical(address)) == on_the_wire
    assert ascii_host(address.partition("@")[2]) == on_the_wire.partition("@")[2]


@given(st.emails() | st.text(max_size=40) | st.text(max_size=20).map("{}@bücher.example".format))
def test_canonical_form_is_its_own_canonical_form(text: str) -> None:
    try:
        found = canonical(text)
    except BadAddress:
        assert canonical_of_report(text) == canonical_of_report(canonical_of_report(text))
        return
    assert canonical(found) == found == canonical_of_report(f'"x" <{text}>')


@given(st.emails())
def test_address_that_is_stored_can_be_mailed(text: str) -> None:
    try:
        found = mailable(text)
    except BadAddress:
        return
    wire = envelope_address(found)
    assert wire.isascii()
    assert canonical(wire) == found
    assert not {*'<>"\r\n ,;'} & {*wire}


@pytest.mark.parametrize(
    "address", ["ü@example.com", "\uff41@example.com", "дима@example.com", '"a b"@example.com',
                "=?utf-8?q?x?=@example.com", "a😀@example.com",
                "a" * 65 + "@example.com"]
)  # fmt: skip
def test_mailbox_that_needs_smtputf8_is_not_stored(address: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Stored(email=address)
    (error,) = refused.value.errors()
    assert error["loc"] == ("email",)
    assert "before the @" in error["msg"]
    assert Known(email=address).email == address


@pytest.mark.parametrize(
    "text", ["", "ada", "ada@", "@example.com", "Ada <ada@example.com>", "<ada@example.com>",
             "a@b.example, c@d.example", "a@\x00b.example", "a\r\n@b.example", "a@xn--a.example",
             "a@[127.0.0.1]", "a@localhost"]
)  # fmt: skip
@pytest.mark.parametrize("model", [Stored, Known])
def test_text_that_is_not_one_address_is_refused(model: type[BaseModel], text: str) -> None:
    with pytest.raises(ValidationError):
        model(email=text)


@pytest.mark.parametrize("text", ["", "x", "a b@c", "@", "<>", "a@" + "ß" * 300, "\ud800@x"])
def test_invalid_address_in_a_report_is_accepted(text: str) -> None:
    assert isinstance(canonical_of_report(text), str)


@pytest.mark.parametrize(
    ("part", "found"),
    [("xn--fa-hia.de", "faß.de"), ("@XN--FA-HIA.de", "@faß.de"), ("<A@FASS.de>", "a@fass.de"),
     ("Ada L", "ada l"), ("@acme", "@acme"), ("", "")],
)  # fmt: skip
def test_part_of_an_address_is_searched_in_its_stored_form(part: str, found: str) -> None:
    assert as_searched(part) == found


def test_webhook_host_is_in_punycode() -> None:
    """Therefore no codec of IDNA 2003 ever gets it."""
    with pytest.raises(ValueError, match="not a URL"):
        HttpsUrl.parse("https://faß.de/hook")
    assert HttpsUrl.parse("https://xn--fa-hia.de/hook").host == "xn--fa-hia.de"
