"""The states of an order, and which actor may change them."""

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
    """The role in which a step is made; `shop` is the shop's software."""

    CUSTOMER = "customer"
    OPERATOR = "operator"
    SHOP = "shop"


# By state: the possible next states, and the actors that may make the step. All other steps are
# impossible. No step leads back, so every order reaches a final state.
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

# In these states the customer gets a daily status message.
OPEN_STATES: Final = (
    OrderState.CONFIRMED,
    OrderState.PAID,
    OrderState.PACKED,
    OrderState.SHIPPED,
)


def check_step(before: OrderState, after: OrderState, actor: Actor) -> None:
    """Check that the table allows a step.

    Raises:
        StepRefused: the table does not contain the step, or not for this actor.
    """
    actors = STEPS[before].get(after, frozenset())
    if actor not in actors:
        raise StepRefused(before, after, only=sorted(actors))
