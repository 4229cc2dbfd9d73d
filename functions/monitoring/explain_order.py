"""GET /api/v1/orders/{order_id}/explanation: what happened to an order, and why.

For operators.
"""

from tidings.monitoring.explaining.operations import explain_order
from tidings.platform.entry.rest import rest

handler = rest(explain_order)
