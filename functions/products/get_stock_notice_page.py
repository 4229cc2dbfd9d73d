"""GET /api/v1/stock-notices/{token}: a page that asks for confirmation.

It changes nothing, because mail scanners follow links.
"""

from collections.abc import Mapping

from tidings.platform.entry.pages import Button, Page, page
from tidings.products.errors import BadStockLink, ProductNotFound
from tidings.products.subscribing import product_to_confirm


@page(refusals=(BadStockLink, ProductNotFound))
def handler(path: Mapping[str, str]) -> Page:
    product = product_to_confirm(path["token"])
    return Page(
        title="Shall we tell you?",
        text=f"We write to you once, when “{product.title}” can be had again.",
        button=Button("Tell me", {}),
    )
