"""What the orders announce."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from tidings.platform.events import Command, Event, EventData

# An order has fewer (schemas.MAX_ITEMS). Who consumes it takes one by one, within its timeout.
MAX_LINES: Final = 1_000


class OrderedLine(EventData):
    product_id: str
    # Less than one would give pieces back that nobody took.
    quantity: int = Field(ge=1)


Lines = Annotated[list[OrderedLine], Field(max_length=MAX_LINES)]


class OrderPlacedData(EventData):
    order_id: str
    customer_id: str
    lines: Lines


class OrderPlaced(Event):
    """A customer placed an order; its stock is not set aside yet."""

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["order.placed"] = "order.placed"
    data: OrderPlacedData


class OrderConfirmedData(EventData):
    order_id: str
    customer_id: str
    total: int
    currency: str
    # Empty in events from before there were recommendations.
    lines: Lines = Field(default_factory=list)


class OrderConfirmed(Event):
    """All pieces of an order are set aside; `total` is in minor units."""

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["order.confirmed"] = "order.confirmed"
    data: OrderConfirmedData


class OrderRejectedData(EventData):
    order_id: str
    customer_id: str
    reason: str


class OrderRejected(Event):
    """An order cannot be fulfilled."""

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["order.rejected"] = "order.rejected"
    data: OrderRejectedData


class OrderCancelledData(EventData):
    order_id: str
    customer_id: str
    reason: str
    # False where nobody gave a reason, and it only says who.
    explained: bool = True


class OrderCancelled(Event):
    """An order is off; what was set aside for it is free again.

    It may come a second time, with the same id, for stock that was set aside too late.
    """

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["order.cancelled"] = "order.cancelled"
    data: OrderCancelledData


class OrderStatusChangedData(EventData):
    order_id: str
    customer_id: str
    state: str
    previous: str
    carrier: str | None = None
    tracking_number: str | None = None


class OrderStatusChanged(Event):
    """An order came further: it is paid, packed, shipped, delivered or returned."""

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["order.status_changed"] = "order.status_changed"
    data: OrderStatusChangedData


class OrderStatusDueData(EventData):
    order_id: str
    customer_id: str
    state: str
    day: date


class OrderStatusDue(Event):
    """The customer of an open order is due to hear where it stands, once a day."""

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["order.status_due"] = "order.status_due"
    data: OrderStatusDueData


class AnnounceOrderStatusesData(EventData):
    scheduled_at: datetime


class AnnounceOrderStatuses(Command):
    """Goes on with the daily word on open orders, by one chunk of them."""

    ROUTING_KEYS: ClassVar[tuple[str, ...]] = ("order-statuses",)

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["order_statuses.announce"] = "order_statuses.announce"
    data: AnnounceOrderStatusesData
