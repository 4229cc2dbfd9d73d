"""POST /api/v1/orders/{order_id}/cancel: call an order off."""

from tidings.orders.errors import OrderNotFound, StepRefused
from tidings.orders.operations import cancel_order
from tidings.orders.schemas import CancelOrder, OrderView
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(
    role=Role.CUSTOMER,
    body=CancelOrder,
    returns=OrderView,
    refusals=(OrderNotFound, StepRefused),
)
def handler(request: Request[CancelOrder]) -> Reply:
    order = cancel_order(request.path["order_id"], request.body, caller=request.caller)
    return Reply(order, message="The order is cancelled.")
