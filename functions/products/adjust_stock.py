"""POST /api/v1/products/{product_id}/stock: add or remove pieces."""

from tidings.platform.entry.rest import rest
from tidings.products.operations import adjust_stock

handler = rest(adjust_stock)
