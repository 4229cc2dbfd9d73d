"""GET /api/v1/basket: the caller's basket at current prices."""

from tidings.orders.baskets import get_basket
from tidings.platform.entry.rest import rest

handler = rest(get_basket)
