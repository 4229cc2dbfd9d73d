"""GET /api/v1/orders: the caller's orders, or all orders for operators."""

from tidings.orders.queries import get_orders
from tidings.orders.schemas import OrderListQuery
from tidings.platform.entry.rest import rest

handler = rest(get_orders, query=OrderListQuery)
