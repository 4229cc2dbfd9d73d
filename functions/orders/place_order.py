"""POST /api/v1/orders: place an order."""

from tidings.orders.operations import place_order
from tidings.orders.schemas import PlaceOrderHeaders
from tidings.platform.entry.rest import rest

handler = rest(
    place_order,
    status=201,
    headers=PlaceOrderHeaders,
    message="We have your order and will confirm it shortly.",
)
