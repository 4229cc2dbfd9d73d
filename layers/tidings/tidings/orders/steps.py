"""Taking an order a step further: by the table, once, with who and why, and announced."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tidings.orders.models import Order, Transition
from tidings.orders.states import Actor, OrderState, check_step
from tidings.platform import outbox
from tidings.platform.auth import Principal, Role
from tidings.platform.events import Event
from tidings.platform.logging import logger


@dataclass(frozen=True)
class Mover:
    """Who takes a step, and as whom."""

    actor: Actor
    user_id: str | None = None


THE_SHOP: Final = Mover(Actor.SHOP)

# In these states an order waits for word of its stock: set aside, or free again. A message
# that fails waits some 13 minutes in the retry queues; after that nothing comes by itself.
WAITING: Final = frozenset({OrderState.PLACED, OrderState.CANCELLED})
SETTLE_AFTER: Final = timedelta(minutes=15)


def mover_of(caller: Principal) -> Mover:
    operator = caller.role.includes(Role.OPERATOR)
    return Mover(Actor.OPERATOR if operator else Actor.CUSTOMER, caller.user_id)


@dataclass(frozen=True)
class Step:
    """Where an order is to go, and what the history will say of it."""

    state: OrderState
    mover: Mover
    at: datetime
    reason: str | None = None

    def transition(self) -> Transition:
        return Transition(
            state=self.state.value,
            at=self.at,
            actor=self.mover.actor.value,
            user_id=self.mover.user_id,
            reason=self.reason,
        )

    def settle_at(self) -> datetime | None:
        return self.at + SETTLE_AFTER if self.state in WAITING else None


def take_step(
    order: Order, step: Step, announce: Callable[[Order], Event], **changes: Any
) -> Order:
    """Take an order to the step's state, together with its event and these changes.

    Of two steps at once one wins; the other is looked at again from where the order is then.
    It comes to an end: the table has no way back, so an order is overtaken a few times at most.

    Raises:
        StepRefused: the order cannot go there from where it is.
    """
    settle_at = step.settle_at()
    waits = {"set__settle_at": settle_at} if settle_at else {"unset__settle_at": True}
    while True:
        check_step(OrderState(order.state), step.state, step.mover.actor)
        changed = outbox.change(
            Order.objects(pk=order.id, state=order.state),
            announce(order),
            set__state=step.state.value,
            push__history=step.transition(),
            unset__asked_again=True,
            **waits,
            **changes,
        )
        if changed is not None:
            logger.info("order took a step", order_id=order.id, state=step.state.value)
            return changed
        order = Order.objects.get(pk=order.id)
