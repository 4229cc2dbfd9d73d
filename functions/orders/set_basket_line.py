"""PUT /api/v1/basket/{product_id}: put pieces of a product into the basket; 0 removes it."""

from tidings.orders.baskets import set_basket_line
from tidings.platform.entry.rest import rest

handler = rest(set_basket_line)
