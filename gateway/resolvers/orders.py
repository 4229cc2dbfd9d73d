"""Resolvers of orders."""

from typing import Any

from resolvers.caller import Info, caller
from tidings.orders import operations, queries
from tidings.orders.schemas import OrderView, PlaceOrder


def get_order(_: Any, info: Info, id: str) -> OrderView:
    return queries.get_order(id, caller=caller(info))


def place_order(_: Any, info: Info, input: dict[str, Any]) -> OrderView:
    return operations.place_order(PlaceOrder.model_validate(input), caller=caller(info))
