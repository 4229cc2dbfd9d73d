"""Resolvers of orders."""

from typing import Any, Final

from pydantic import BaseModel

from resolvers.binding import Resolver
from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from tidings.orders import operations, queries
from tidings.orders.schemas import (
    CancelOrder,
    DocumentId,
    IdempotencyKey,
    OrderFilter,
    OrderItemView,
    OrderView,
    PlaceOrder,
    UpdateOrderStatus,
)
from tidings.products.schemas import ProductView
from tidings.users.schemas import UserView


class PlaceOrderArguments(BaseModel):
    """What `placeOrder` takes beside its input; an error names the argument."""

    idempotency_key: IdempotencyKey | None


class UpdateOrderStatusInput(UpdateOrderStatus):
    """GraphQL names the order in the input; REST does in the path."""

    order_id: DocumentId


def get_order(_: Any, info: Info, id: str) -> OrderView:
    return queries.get_order(id, caller=caller(info))


def get_orders(
    _: Any,
    info: Info,
    first: int,
    after: str | None = None,
    filter: dict[str, Any] | None = None,
) -> Connection:
    page = PageArguments.model_validate({"first": first, "after": after})
    wanted = OrderFilter.model_validate(filter or {})
    return connection(queries.get_orders(page, wanted, caller=caller(info)))


def place_order(
    _: Any, info: Info, input: dict[str, Any], idempotency_key: str | None = None
) -> OrderView:
    return operations.place_order(
        PlaceOrder.model_validate(input),
        caller=caller(info),
        idempotency_key=PlaceOrderArguments(idempotency_key=idempotency_key).idempotency_key,
    )


def cancel_order(_: Any, info: Info, id: str, reason: str | None = None) -> OrderView:
    return operations.cancel_order(id, CancelOrder(reason=reason), caller=caller(info))


def update_order_status(_: Any, info: Info, input: dict[str, Any]) -> OrderView:
    wanted = UpdateOrderStatusInput.model_validate(input)
    return operations.update_order_status(wanted.order_id, wanted, caller=caller(info))


async def customer(order: OrderView, info: Info) -> UserView | None:
    return await info.context.loaders.users.load(order.customer_id)


async def product(item: OrderItemView, info: Info) -> ProductView | None:
    return await info.context.loaders.products.load(item.product_id)


QUERIES: Final[dict[str, Resolver]] = {
    "getOrder": get_order,
    "getOrders": get_orders,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "placeOrder": place_order,
    "cancelOrder": cancel_order,
    "updateOrderStatus": update_order_status,
}
NESTED: Final[dict[str, dict[str, Resolver]]] = {
    "Order": {"customer": customer},
    "OrderItem": {"product": product},
}
