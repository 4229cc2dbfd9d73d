"""Tests of the links by which an address confirms that it wants to know of a product."""

from datetime import UTC, datetime, timedelta

import pytest

from tidings.platform.security import signatures
from tidings.products.errors import BadStockLink
from tidings.products.stock_links import StockLink, confirm_url, read_link

GUEST, PRODUCT = "6b0152a5f6b097fd8ed20a98", "6b0152a6f6b097fd8ed20a9a"
UNTIL = datetime(2026, 12, 4, tzinfo=UTC)
NOW = UNTIL - timedelta(days=1)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "delivery_key", lambda: "k" * 32)


def token() -> str:
    return confirm_url(GUEST, PRODUCT, UNTIL).rpartition("/")[2]


def test_link_contains_guest_and_product() -> None:
    assert read_link(token(), NOW) == StockLink(GUEST, PRODUCT)


def test_old_link_is_refused() -> None:
    with pytest.raises(BadStockLink):
        read_link(token(), UNTIL)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (GUEST, PRODUCT),
        (PRODUCT, GUEST),
        (str(int(UNTIL.timestamp())), "999999999999"),
        (str(int(UNTIL.timestamp())), "99999999999999999999"),
        (".", ""),
    ],
)
def test_changed_link_is_refused(old: str, new: str) -> None:
    with pytest.raises(BadStockLink):
        read_link(token().replace(old, new), NOW)


@pytest.mark.parametrize("sent", ["", "x" * 200, "a.b.c.d"])
def test_nonsense_is_refused(sent: str) -> None:
    with pytest.raises(BadStockLink):
        read_link(sent, NOW)
