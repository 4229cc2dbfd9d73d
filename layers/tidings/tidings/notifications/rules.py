"""Which event tells whom what: one row per event."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tidings.delivery.events import NotificationDelivered, NotificationFailed
from tidings.orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderRejected,
    OrderStatusChanged,
    OrderStatusDue,
)
from tidings.platform.events import Event
from tidings.products.events import ProductBackInStock, ProductOutOfStock, ProductPriceDropped
from tidings.recommendations.events import RecommendationGenerated
from tidings.tasks.events import TaskCreated, TaskDeleted, TaskDue, TaskUpdated
from tidings.users.events import (
    UserDeleted,
    UserPasswordResetRequested,
    UserPreferencesUpdated,
    UserRegistered,
    UserVerificationRequested,
    UserVerified,
)


@dataclass(frozen=True)
class Rule:
    """`title` and `body` are format strings over the event's data.

    `audience` names the users to tell; there may be none.
    """

    kind: str
    audience: Callable[[Any], list[str]]
    title: str
    body: str
    # Title and body in other words, for some of the states that the event's data may name.
    by_state: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def render(self, event: Event) -> tuple[str, str]:
        """Return the title and the body of what is said about an event."""
        values = event.data.model_dump()
        title, body = self.by_state.get(values.get("state", ""), (self.title, self.body))
        return title.format_map(values), body.format_map(values)


def _customer(
    event: OrderConfirmed | OrderRejected | OrderCancelled | OrderStatusChanged | OrderStatusDue,
) -> list[str]:
    return [event.data.customer_id]


def _account(
    event: UserVerified | UserPasswordResetRequested | RecommendationGenerated,
) -> list[str]:
    return [event.data.user_id]


def _assignee_unless_actor(event: TaskCreated | TaskDeleted) -> list[str]:
    """Nobody is told of what they did themselves."""
    assignee = event.data.assignee_id
    return [assignee] if assignee and assignee != event.data.actor_id else []


def _new_assignee(event: TaskUpdated) -> list[str]:
    assignee, actor = event.data.assignee_id, event.data.actor_id
    is_new = "assignee_id" in event.data.changed
    return [assignee] if is_new and assignee and assignee != actor else []


def _who_does_it(event: TaskDue) -> list[str]:
    return [event.data.assignee_id or event.data.owner_id]


RULES: Final[dict[type[Event], Rule]] = {
    OrderConfirmed: Rule(
        kind="order.confirmed",
        audience=_customer,
        title="Your order is confirmed",
        body="All pieces of order {order_id} are set aside for you.",
    ),
    OrderRejected: Rule(
        kind="order.rejected",
        audience=_customer,
        title="Your order could not be fulfilled",
        body="We are sorry: there is not enough in stock for order {order_id}. "
        "You have not been charged.",
    ),
    OrderCancelled: Rule(
        kind="order.cancelled",
        audience=_customer,
        title="Your order is cancelled",
        body="Order {order_id} is cancelled. {reason}",
    ),
    OrderStatusChanged: Rule(
        kind="order.status_changed",
        audience=_customer,
        title="Your order is {state}",
        body="Order {order_id} is {state}.",
        by_state={
            "paid": (
                "Your payment has arrived",
                "Order {order_id} is paid; we will pack it next.",
            ),
            "shipped": (
                "Your order is on its way",
                "Order {order_id} was handed to {carrier}; its tracking number is "
                "{tracking_number}.",
            ),
            "returned": (
                "Your order is back with us",
                "What you sent back of order {order_id} has arrived.",
            ),
        },
    ),
    OrderStatusDue: Rule(
        kind="order.status_update",
        audience=_customer,
        title="Where your order stands",
        body="Order {order_id} is {state}.",
    ),
    # Codes go by mail only: who reads the inbox is signed in, not proven to read the address.
    UserVerified: Rule(
        kind="user.verified",
        audience=_account,
        title="Your address is confirmed",
        body="Thank you. Your e-mail address is confirmed now.",
    ),
    UserPasswordResetRequested: Rule(
        kind="user.password_reset_requested",
        audience=_account,
        title="A new password was asked for",
        body="We send a code to your address. If you did not ask for it, there is nothing to do.",
    ),
    TaskCreated: Rule(
        kind="task.assigned",
        audience=_assignee_unless_actor,
        title="A task for you",
        body="The task “{title}” was assigned to you ({task_id}).",
    ),
    TaskUpdated: Rule(
        kind="task.reassigned",
        audience=_new_assignee,
        title="A task for you",
        body="The task “{title}” was assigned to you ({task_id}).",
    ),
    TaskDeleted: Rule(
        kind="task.deleted",
        audience=_assignee_unless_actor,
        title="A task is gone",
        body="The task “{title}”, which was yours to do, was deleted ({task_id}).",
    ),
    TaskDue: Rule(
        kind="task.due",
        audience=_who_does_it,
        title="A task is due",
        body="The task “{title}” is due ({task_id}).",
    ),
    RecommendationGenerated: Rule(
        kind="recommendation.generated",
        audience=_account,
        title="You may like this",
        body="{title}. {reason}.",
    ),
}

# Events that put nothing into the inbox: the person did it just now, a new account is
# welcomed by mail together with the code that confirms its address, and nobody can ask yet
# to hear of a product.
SILENT: Final[frozenset[type[Event]]] = frozenset(
    {
        UserRegistered,
        UserVerificationRequested,
        UserPreferencesUpdated,
        UserDeleted,
        ProductOutOfStock,
        ProductBackInStock,
        ProductPriceDropped,
        NotificationDelivered,
        NotificationFailed,
    }
)
