"""Which event tells whom what: one row per event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tidings.orders.events import OrderConfirmed, OrderRejected, OrderStatusDue
from tidings.platform.events import Event
from tidings.users.events import (
    UserPasswordResetRequested,
    UserPreferencesUpdated,
    UserRegistered,
    UserVerified,
)


@dataclass(frozen=True)
class Rule:
    """`title` and `body` are format strings over the event's data."""

    kind: str
    audience: Callable[[Any], str]
    title: str
    body: str


RULES: Final[dict[type[Event], Rule]] = {
    OrderConfirmed: Rule(
        kind="order.confirmed",
        audience=lambda event: str(event.data.customer_id),
        title="Your order is confirmed",
        body="All pieces of order {order_id} are set aside for you.",
    ),
    OrderRejected: Rule(
        kind="order.rejected",
        audience=lambda event: str(event.data.customer_id),
        title="Your order could not be fulfilled",
        body="We are sorry: there is not enough in stock for order {order_id}. "
        "You have not been charged.",
    ),
    OrderStatusDue: Rule(
        kind="order.status_update",
        audience=lambda event: str(event.data.customer_id),
        title="Where your order stands",
        body="Order {order_id} is {state}.",
    ),
    # Codes go by mail only: who reads the inbox is signed in, not proven to read the address.
    UserRegistered: Rule(
        kind="user.registered",
        audience=lambda event: str(event.data.user_id),
        title="Welcome",
        body="Your account is ready. Confirm your address with the code that we send you.",
    ),
    UserVerified: Rule(
        kind="user.verified",
        audience=lambda event: str(event.data.user_id),
        title="Your address is confirmed",
        body="Thank you. Your e-mail address is confirmed now.",
    ),
    UserPasswordResetRequested: Rule(
        kind="user.password_reset_requested",
        audience=lambda event: str(event.data.user_id),
        title="A new password was asked for",
        body="We send a code to your address. If you did not ask for it, there is nothing to do.",
    ),
}

# Events that reach the consumer and tell nobody anything: the person did it just now.
SILENT: Final[frozenset[type[Event]]] = frozenset({UserPreferencesUpdated})
