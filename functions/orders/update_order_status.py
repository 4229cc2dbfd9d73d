"""PUT /api/v1/orders/{order_id}/status: take an order a step further."""

from tidings.orders.errors import OrderNotFound, ShipmentMissing, ShipmentTooEarly, StepRefused
from tidings.orders.operations import update_order_status
from tidings.orders.schemas import OrderView, UpdateOrderStatus
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(
    role=Role.OPERATOR,
    body=UpdateOrderStatus,
    returns=OrderView,
    refusals=(OrderNotFound, StepRefused, ShipmentMissing, ShipmentTooEarly),
)
def handler(request: Request[UpdateOrderStatus]) -> Reply:
    order_id = request.path["order_id"]
    return Reply(update_order_status(order_id, request.body, caller=request.caller))
