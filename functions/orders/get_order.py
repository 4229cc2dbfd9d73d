"""GET /api/v1/orders/{order_id}: one order."""

from tidings.orders.queries import get_order
from tidings.platform.entry.rest import rest

handler = rest(get_order)
