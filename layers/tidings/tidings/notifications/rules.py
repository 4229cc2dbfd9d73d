"""Which event tells whom what: one row per event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tidings.orders.events import OrderConfirmed, OrderRejected, OrderStatusDue
from tidings.platform.events import Event
from tidings.tasks.events import TaskCreated, TaskDeleted, TaskDue, TaskUpdated


@dataclass(frozen=True)
class Rule:
    """`title` and `body` are format strings over the event's data.

    `audience` names the users to tell; there may be none.
    """

    kind: str
    audience: Callable[[Any], list[str]]
    title: str
    body: str


def _customer(event: OrderConfirmed | OrderRejected | OrderStatusDue) -> list[str]:
    return [event.data.customer_id]


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
    OrderStatusDue: Rule(
        kind="order.status_update",
        audience=_customer,
        title="Where your order stands",
        body="Order {order_id} is {state}.",
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
}
