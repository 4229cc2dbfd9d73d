"""The links by which the owner of an address confirms that it wants to know of a product.

A link contains all that it needs and is signed, so nothing is stored before it is used.
"""

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

from tidings.platform.security.signatures import is_signed, signature
from tidings.platform.settings import settings
from tidings.products.errors import BadStockLink

PURPOSE: Final = "stock-notice"
_TOKEN: Final = re.compile(
    r"(?P<guest>[0-9a-f]{24})\.(?P<product>[0-9a-f]{24})\.(?P<until>\d{1,12})\.(?P<mac>[\w-]{24})",
    re.ASCII,
)


class StockLink(NamedTuple):
    """What a link confirms."""

    guest_id: str
    product_id: str


def confirm_url(guest_id: str, product_id: str, until: datetime) -> str:
    """Return the link that subscribes a guest until a time."""
    text = f"{guest_id}.{product_id}.{int(until.timestamp())}"
    return f"{settings().public_url}/api/v1/stock-notices/{text}.{signature(PURPOSE, text)}"


def read_link(token: str, at: datetime) -> StockLink:
    """Return the content of a link.

    Raises:
        BadStockLink: we did not make the link, or it is too old.
    """
    parts = _TOKEN.fullmatch(token)
    if parts is None or not is_signed(PURPOSE, token.rpartition(".")[0], parts["mac"]):
        raise BadStockLink
    if datetime.fromtimestamp(int(parts["until"]), UTC) <= at:
        raise BadStockLink
    return StockLink(parts["guest"], parts["product"])
