"""POST /api/v1/products/{product_id}/stock-subscription: be told when a product is back in stock.

For everyone; without an account the owner of the address confirms it by mail.
"""

from tidings.platform.entry.rest import rest
from tidings.products.subscribing import subscribe_to_stock

handler = rest(subscribe_to_stock)
