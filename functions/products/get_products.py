"""GET /api/v1/products: the catalogue."""

from tidings.platform.entry.rest import rest
from tidings.products.queries import get_products
from tidings.products.schemas import ListProducts

handler = rest(get_products, query=ListProducts)
