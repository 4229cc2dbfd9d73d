"""Change the state of an order: check the table, record actor and reason, store the event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tidings.orders.models import Order, Transition
from tidings.orders.states import Actor, OrderState, check_step
from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.events import Event
from tidings.platform.messaging.outbox import Planned
from tidings.platform.security.auth import Principal, Role


@dataclass(frozen=True)
class Mover:
    """The actor of a step, and the person's id."""

    actor: Actor
    user_id: str | None = None


THE_SHOP: Final = Mover(Actor.SHOP)

# In these states an order waits for its stock to be reserved or released. A message that fails
# waits about 13 minutes in the retry queues; after that it does not come by itself.
WAITING: Final = frozenset({OrderState.PLACED, OrderState.CANCELLED})
SETTLE_AFTER: Final = timedelta(minutes=15)


def mover_of(caller: Principal) -> Mover:
    operator = caller.role.includes(Role.OPERATOR)
    return Mover(Actor.OPERATOR if operator else Actor.CUSTOMER, caller.user_id)


@dataclass(frozen=True)
class Step:
    """The new state of an order, and its entry in the history."""

    state: OrderState
    mover: Mover
    at: datetime
    reason: str | None = None

    def transition(self, order: Order, event: Event) -> Transition:
        """Return the entry in the order's history, with the event that announces the step."""
        own = event.correlationid != order.correlation_id
        return Transition(
            state=self.state.value,
            at=self.at,
            actor=self.mover.actor.value,
            user_id=self.mover.user_id,
            reason=self.reason,
            event_id=event.id,
            correlation_id=event.correlationid if own else None,
        )

    def settle_at(self) -> datetime | None:
        return self.at + SETTLE_AFTER if self.state in WAITING else None


def planned_step(order: Order, step: Step, event: Event) -> Planned:
    """Return the change that takes a step of an order, if its state is still the same then.

    Raises:
        StepRefused: its state does not allow the step.
    """
    check_step(OrderState(order.state), step.state, step.mover.actor)
    values: dict[str, Any] = {"state": step.state.value}
    gone = {"asked_again": 1}
    if settle_at := step.settle_at():
        values["settle_at"] = settle_at
    else:
        gone["settle_at"] = 1
    update = {
        "$set": values,
        "$unset": gone,
        "$push": {"history": step.transition(order, event).to_mongo()},
    }
    return Planned(order.id, {"state": order.state}, update, event)


def take_step(
    order: Order, step: Step, announce: Callable[[Order], Event], **changes: Any
) -> Order:
    """Change an order's state, and store the event and other changes with it.

    Of two concurrent steps one succeeds; the other is checked again against the new state. This
    ends, because no step leads back, so an order is overtaken a few times at most.

    Raises:
        StepRefused: its state does not allow the step.
    """
    settle_at = step.settle_at()
    waits = {"set__settle_at": settle_at} if settle_at else {"unset__settle_at": True}
    while True:
        check_step(OrderState(order.state), step.state, step.mover.actor)
        event = announce(order)
        changed = outbox.change(
            Order.objects(pk=order.id, state=order.state),
            event,
            set__state=step.state.value,
            push__history=step.transition(order, event),
            unset__asked_again=True,
            **waits,
            **changes,
        )
        if changed is not None:
            acts.changed({"state": order.state}, {"state": step.state.value})
            logger.info("order state changed", order_id=order.id, state=step.state.value)
            return changed
        order = Order.objects.get(pk=order.id)
