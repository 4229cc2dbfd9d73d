"""Resolvers of orders."""

from typing import Any

from resolvers.caller import Info, caller
from tidings.orders import operations, queries
from tidings.orders.schemas import OrderItemView, OrderView, PlaceOrder
from tidings.products.schemas import ProductView
from tidings.users.schemas import UserView


def get_order(_: Any, info: Info, id: str) -> OrderView:
    return queries.get_order(id, caller=caller(info))


def place_order(_: Any, info: Info, input: dict[str, Any]) -> OrderView:
    return operations.place_order(PlaceOrder.model_validate(input), caller=caller(info))


async def customer(order: OrderView, info: Info) -> UserView | None:
    return await info.context.loaders.users.load(order.customer_id)


async def product(item: OrderItemView, info: Info) -> ProductView | None:
    return await info.context.loaders.products.load(item.product_id)
