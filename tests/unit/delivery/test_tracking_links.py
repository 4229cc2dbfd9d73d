"""The links and the picture in mails that tell of clicks and of the opening."""

import base64
import re
from urllib.parse import urlsplit

import pytest

from tidings.delivery.errors import BadMailLink
from tidings.delivery.tracking_links import (
    MAX_LINKS,
    MAX_URL_CHARACTERS,
    click_url,
    open_url,
    read_click,
    read_open,
    tracked,
)
from tidings.platform.security import signatures
from tidings.platform.settings import settings
from tidings.platform.timing.clock import new_id

HREF = re.compile(r'href="[^"]*/api/v1/clicks/([^"]+)"')
MAIL = new_id()


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "delivery_key", lambda: "k" * 32)


def targets_of(page: str) -> list[str]:
    """Return the addresses that the tracked links of a page lead to."""
    return [read_click(token)[1] for token in HREF.findall(tracked(page, MAIL))]


def token_of(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2]


@pytest.mark.parametrize(
    ("page", "url"),
    [
        ('<a href="https://shop.example/a">', "https://shop.example/a"),
        ("<a href='https://shop.example/a'>", "https://shop.example/a"),
        ('<A CLASS="b" HREF = "HTTPS://shop.example/a">', "HTTPS://shop.example/a"),
        ('<a\nhref="http://shop.example/?a=1&amp;b=2#c">', "http://shop.example/?a=1&b=2#c"),
        ('<a title="x > y" href=" https://shop.example/a ">', "https://shop.example/a"),
        ('<a href="https://faß.example/ü?q=%20">', "https://faß.example/ü?q=%20"),
    ],
)
def test_link_leads_to_its_address(page: str, url: str) -> None:
    assert targets_of(page) == [url]


@pytest.mark.parametrize(
    "page",
    [
        '<a href="mailto:shop@example.com">',
        '<a href="javascript:alert(1)">',
        '<a href="tel:+491701234567">',
        '<a href="#top">',
        '<a href="//shop.example/a">',
        '<a href="https://shop.example/a b">',
        '<a data-href="https://shop.example/a">',
        '<a name="top">',
        '<abbr title="x" href="https://shop.example/a">',
        '<img src="https://shop.example/a.png">',
        '<link href="https://shop.example/a.css">',
        f'<a href="https://shop.example/{"a" * MAX_URL_CHARACTERS}">',
        '<a href="https://shop.example/',
    ],
    ids=lambda page: page[:40],
)
def test_other_places_stay_as_they_are(page: str) -> None:
    assert tracked(page, MAIL).startswith(page)


def test_link_to_our_own_api_stays_as_it_is() -> None:
    page = f'<a href="{settings().public_url}/api/v1/unsubscribe/a.b.c.d">End</a>'
    assert tracked(page, MAIL).startswith(page)


def test_picture_is_at_the_end_of_the_body() -> None:
    picture = f'<img src="{open_url(MAIL)}" alt="" width="1" height="1"'
    assert picture in tracked("<p>Hello.</p>", MAIL)
    page = tracked("<html><body><p>Hello.</p></body></html>", MAIL)
    assert page.startswith(f"<html><body><p>Hello.</p>{picture}")
    assert page.endswith("</body></html>")


def test_so_many_links_are_tracked_and_no_more() -> None:
    page = "".join(
        f'<a href="https://shop.example/{number}">{number}</a>' for number in range(MAX_LINKS + 5)
    )
    assert len(targets_of(page)) == MAX_LINKS
    assert f'<a href="https://shop.example/{MAX_LINKS}">' in tracked(page, MAIL)


def test_page_of_broken_tags_takes_little_time() -> None:
    page = "<a " * 20_000 + "<a href=" * 20_000 + "<a href='" * 20_000
    assert targets_of(page) == []


def test_tokens_name_their_mail() -> None:
    assert read_open(token_of(open_url(MAIL))) == MAIL
    assert read_click(token_of(click_url(MAIL, "https://shop.example/"))) == (
        MAIL,
        "https://shop.example/",
    )


@pytest.mark.parametrize("part", range(3))
def test_link_that_was_changed_is_refused(part: int) -> None:
    other = base64.urlsafe_b64encode(b"https://evil.example/").decode().rstrip("=")
    parts = token_of(click_url(MAIL, "https://shop.example/")).split(".")
    parts[part] = [new_id(), other, "A" * 24][part]
    with pytest.raises(BadMailLink):
        read_click(".".join(parts))


def test_signature_of_a_picture_or_of_another_purpose_makes_no_link() -> None:
    signed = token_of(open_url(MAIL))
    packed = base64.urlsafe_b64encode(b"https://evil.example/").decode().rstrip("=")
    mail, _, signature = signed.partition(".")
    for token in (signed, f"{mail}.{packed}.{signature}"):
        with pytest.raises(BadMailLink):
            read_click(token)
    with pytest.raises(BadMailLink):
        read_open(token_of(click_url(MAIL, "https://shop.example/")))


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "ä.ö.ü", "a" * 7_000, ".." * 20])
def test_malformed_token_is_refused(token: str) -> None:
    for read in (read_open, read_click):
        with pytest.raises(BadMailLink):
            read(token)
