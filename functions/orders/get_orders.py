"""GET /api/v1/orders: the caller's orders, or everybody's for operators."""

from tidings.orders.queries import get_orders
from tidings.orders.schemas import OrderListQuery, OrderView
from tidings.platform.auth import Role
from tidings.platform.errors import Forbidden
from tidings.platform.http import Reply, Request, endpoint


@endpoint(role=Role.CUSTOMER, query=OrderListQuery, returns=list[OrderView], refusals=(Forbidden,))
def handler(request: Request[None, OrderListQuery]) -> Reply:
    return Reply.of_page(get_orders(request.query, request.query, caller=request.caller))
