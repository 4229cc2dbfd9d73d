"""PATCH /api/v1/products/{product_id}: change a product, if its version is the given one."""

from tidings.platform.entry.rest import rest
from tidings.products.operations import update_product

handler = rest(update_product)
