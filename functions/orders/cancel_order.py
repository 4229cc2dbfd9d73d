"""POST /api/v1/orders/{order_id}/cancel: cancel an order."""

from tidings.orders.operations import cancel_order
from tidings.platform.entry.rest import rest

handler = rest(cancel_order, message="The order is cancelled.")
