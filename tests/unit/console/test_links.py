"""Links are relative, so that they work under every prefix, and lead nowhere else."""

from urllib.parse import urljoin

import pytest

from pages.table import ROUTES
from tidings.platform.errors import NotFound
from web import files
from web.links import Links
from web.places import known_place

BASE = "https://host.example/any/prefix/console"


@pytest.mark.parametrize("place", ["", "search", "orders/5", "a/b/c"])
def test_links_work_from_every_page(place: str) -> None:
    depth = len(place.split("/")) if place else 0
    link, page = Links(depth), f"{BASE}/{place}".rstrip("/")
    assert urljoin(page, link()) == BASE
    assert urljoin(page, link("search")) == f"{BASE}/search"
    assert urljoin(page, link("orders", "5", part=2)) == f"{BASE}/orders/5?part=2"
    assert urljoin(page, link.place("sign-in?why=idle")) == f"{BASE}/sign-in?why=idle"


def test_parts_and_parameters_are_encoded() -> None:
    assert (
        Links(0)("queues", "a b?", text="ü&", none=None) == "console/queues/a%20b%3F?text=%C3%BC%26"
    )


@pytest.mark.parametrize("place", ["", "preferences", "sign-in?why=idle"])
def test_known_places_pass(place: str) -> None:
    assert known_place(place, ROUTES) == place


@pytest.mark.parametrize(
    "place",
    [
        *("//evil.example", "https://evil.example", "/evil", "../evil", "..", "\\\\evil"),
        *("javascript:alert(1)", "preferences/../../x", "sign-in%2f..", "nothing", "?x=1/../.."),
        *("preferences\r\nSet-Cookie: a=b", " preferences"),
    ],
)
def test_other_places_do_not_pass(place: str) -> None:
    assert known_place(place, ROUTES).partition("?")[0] == ""


def test_file_has_the_hash_of_its_content_in_its_name() -> None:
    name = files.versioned("console.css")
    assert name != "console.css"
    answer = files.answer(name)
    assert "immutable" in str(answer["headers"])
    for other in ("console.css", "console.000000000000.css", "../console.py"):
        with pytest.raises(NotFound):
            files.answer(other)
