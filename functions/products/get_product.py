"""GET /api/v1/products/{product_id}: one product."""

from tidings.platform.entry.rest import rest
from tidings.products.queries import get_product

handler = rest(get_product)
