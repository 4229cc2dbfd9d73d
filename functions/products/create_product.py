"""POST /api/v1/products: add a product to the catalogue."""

from tidings.platform.entry.rest import rest
from tidings.products.operations import create_product

handler = rest(create_product, status=201, message="The product is in the shop.")
