"""PUT /api/v1/orders/{order_id}/status: change an order's state."""

from tidings.orders.operations import update_order_status
from tidings.platform.entry.rest import rest

handler = rest(update_order_status)
