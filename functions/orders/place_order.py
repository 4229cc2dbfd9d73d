"""POST /api/v1/orders: place an order."""

from tidings.orders.errors import (
    IdempotencyKeyReused,
    MixedCurrencies,
    OrderTooLarge,
    RepeatedProduct,
    UnknownProduct,
)
from tidings.orders.operations import place_order
from tidings.orders.schemas import OrderView, PlaceOrder, PlaceOrderHeaders
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(
    role=Role.CUSTOMER,
    body=PlaceOrder,
    headers=PlaceOrderHeaders,
    returns=OrderView,
    status=201,
    refusals=(
        UnknownProduct,
        MixedCurrencies,
        OrderTooLarge,
        RepeatedProduct,
        IdempotencyKeyReused,
    ),
)
def handler(request: Request[PlaceOrder, None, PlaceOrderHeaders]) -> Reply:
    key = request.headers.idempotency_key
    order = place_order(request.body, caller=request.caller, idempotency_key=key)
    return Reply(order, message="We have your order and will confirm it shortly.")
