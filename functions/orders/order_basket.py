"""POST /api/v1/basket/order: order the basket."""

from tidings.orders.baskets import order_basket
from tidings.platform.entry.rest import rest

handler = rest(order_basket, status=201, message="We have your order and will confirm it shortly.")
