"""DELETE /api/v1/products/{product_id}/stock-subscription: do not be told of a product any more."""

from tidings.platform.entry.rest import rest
from tidings.products.subscribing import unsubscribe_from_stock

handler = rest(unsubscribe_from_stock)
