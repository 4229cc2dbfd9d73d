"""The numbers of documents by state, counted up to `COUNTED_UP_TO` + 1."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from tidings.orders.models import Order
from tidings.orders.states import OrderState
from tidings.platform.storage.united import count_each


def orders_by_state(states: Iterable[OrderState] = OrderState) -> dict[OrderState, int]:
    """Return the number of orders in each state, in one command."""
    return {OrderState(state): number for state, number in numbers_by_state(Order, states).items()}


def numbers_by_state(document_class: Any, states: Iterable[StrEnum]) -> dict[str, int]:
    """Return the number of documents in each state, in one command."""
    wanted = {state.value: {"state": state.value} for state in states}
    return count_each(document_class._get_collection(), wanted)
