"""GET /api/v1/products/{product_id}/stock: a product's stock movements."""

from tidings.platform.entry.rest import rest
from tidings.platform.storage.pagination import PageRequest
from tidings.products.queries import get_stock_history

handler = rest(get_stock_history, query=PageRequest)
