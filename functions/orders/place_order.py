"""POST /api/v1/orders: place an order."""

from tidings.orders.errors import UnknownProduct
from tidings.orders.operations import place_order
from tidings.orders.schemas import OrderView, PlaceOrder
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(
    role=Role.CUSTOMER, body=PlaceOrder, returns=OrderView, status=201, refusals=(UnknownProduct,)
)
def handler(request: Request[PlaceOrder]) -> Reply:
    order = place_order(request.body, caller=request.caller)
    return Reply(order, message="We have your order and will confirm it shortly.")
