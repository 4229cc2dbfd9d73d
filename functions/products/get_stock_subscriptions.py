"""GET /api/v1/stock-subscriptions: the products that the caller waits for."""

from tidings.platform.entry.rest import rest
from tidings.platform.storage.pagination import PageRequest
from tidings.products.subscribing import get_stock_subscriptions

handler = rest(get_stock_subscriptions, query=PageRequest)
