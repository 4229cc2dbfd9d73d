"""GET /api/v1/orders/{order_id}: one order."""

from tidings.orders.errors import OrderNotFound
from tidings.orders.queries import get_order
from tidings.orders.schemas import OrderView
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(role=Role.CUSTOMER, returns=OrderView, refusals=(OrderNotFound,))
def handler(request: Request[None]) -> Reply:
    return Reply(get_order(request.path["order_id"], caller=request.caller))
