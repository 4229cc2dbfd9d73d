"""How far an order can come, and who takes it there."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from tidings.orders.errors import StepRefused


class OrderState(StrEnum):
    PLACED = "placed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    PAID = "paid"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class Actor(StrEnum):
    """As whom somebody takes a step; `shop` is the shop's own machinery."""

    CUSTOMER = "customer"
    OPERATOR = "operator"
    SHOP = "shop"


# From each state: where an order can go from there, and who can take it there. A step that
# is not here is impossible. No way leads back, so every order ends.
STEPS: Final[Mapping[OrderState, Mapping[OrderState, frozenset[Actor]]]] = {
    OrderState.PLACED: {
        OrderState.CONFIRMED: frozenset({Actor.SHOP}),
        OrderState.REJECTED: frozenset({Actor.SHOP}),
        OrderState.CANCELLED: frozenset({Actor.CUSTOMER, Actor.OPERATOR, Actor.SHOP}),
    },
    OrderState.CONFIRMED: {
        OrderState.PAID: frozenset({Actor.OPERATOR}),
        OrderState.CANCELLED: frozenset({Actor.CUSTOMER, Actor.OPERATOR}),
    },
    OrderState.PAID: {
        OrderState.PACKED: frozenset({Actor.OPERATOR}),
        OrderState.CANCELLED: frozenset({Actor.CUSTOMER, Actor.OPERATOR}),
    },
    OrderState.PACKED: {
        OrderState.SHIPPED: frozenset({Actor.OPERATOR}),
        OrderState.CANCELLED: frozenset({Actor.OPERATOR}),
    },
    OrderState.SHIPPED: {
        OrderState.DELIVERED: frozenset({Actor.OPERATOR}),
        OrderState.RETURNED: frozenset({Actor.OPERATOR}),
    },
    OrderState.DELIVERED: {
        OrderState.RETURNED: frozenset({Actor.OPERATOR}),
    },
    OrderState.REJECTED: {},
    OrderState.CANCELLED: {},
    OrderState.RETURNED: {},
}

# States in which a customer is kept informed day by day.
OPEN_STATES: Final = (
    OrderState.CONFIRMED,
    OrderState.PAID,
    OrderState.PACKED,
    OrderState.SHIPPED,
)


def check_step(before: OrderState, after: OrderState, actor: Actor) -> None:
    """Let a step through that the table has.

    Raises:
        StepRefused: the table does not have it, or not for this actor.
    """
    actors = STEPS[before].get(after)
    if actors is None:
        raise StepRefused(before, after)
    if actor not in actors:
        raise StepRefused(before, after, only=sorted(actors))
