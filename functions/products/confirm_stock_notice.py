"""POST /api/v1/stock-notices/{token}: confirm, by the page's button.

A repeated call changes nothing.
"""

from collections.abc import Mapping

from tidings.platform.entry.pages import Page, page
from tidings.products.errors import BadStockLink, ProductInStock, ProductNotFound
from tidings.products.subscribing import confirm_stock_notice


@page(refusals=(BadStockLink, ProductInStock, ProductNotFound))
def handler(path: Mapping[str, str]) -> Page:
    product = confirm_stock_notice(path["token"])
    return Page("We will tell you", f"We write to you when “{product.title}” can be had again.")
