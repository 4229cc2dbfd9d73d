"""The events that orders publish."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from tidings.platform.messaging.events import Command, Event, EventData

# Orders have fewer (schemas.MAX_ITEMS). A consumer handles the lines one by one, within its
# timeout.
MAX_LINES: Final = 1_000


class OrderedLine(EventData):
    product_id: str
    # A smaller number would release stock that was not reserved.
    quantity: int = Field(ge=1)


Lines = Annotated[list[OrderedLine], Field(max_length=MAX_LINES)]


class OfOrder(EventData):
    """The order, its customer, and its voucher; events before vouchers have none of it."""

    order_id: str
    customer_id: str
    # Only of an order with a voucher; the discount is in minor units of the order's currency.
    voucher_code: str | None = None
    discount: int | None = None


class OrderPlacedData(OfOrder):
    lines: Lines
    # In minor units, after the discount; not in events before vouchers.
    total: int | None = None
    currency: str | None = None


class OrderPlaced(Event):
    """A customer placed an order; its stock is not reserved yet."""

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["order.placed"] = "order.placed"
    data: OrderPlacedData


class OrderConfirmedData(OfOrder):
    total: int
    currency: str
    # Empty in events from before recommendations existed.
    lines: Lines = Field(default_factory=list)


class OrderConfirmed(Event):
    """The stock of an order is reserved; `total` is in minor units."""

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["order.confirmed"] = "order.confirmed"
    data: OrderConfirmedData


class OrderRejectedData(OfOrder):
    reason: str


class OrderRejected(Event):
    """An order cannot be fulfilled."""

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["order.rejected"] = "order.rejected"
    data: OrderRejectedData


class OrderCancelledData(OfOrder):
    reason: str
    # False if no reason was given, and `reason` only names the actor.
    explained: bool = True


class OrderCancelled(Event):
    """An order is cancelled, and its reserved stock can be released.

    It may come again with the same id, for stock that was reserved too late.
    """

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["order.cancelled"] = "order.cancelled"
    data: OrderCancelledData


class BasketLeftData(EventData):
    customer_id: str
    basket_state: str
    # Of some products on sale in it, and the number of all of them.
    titles: list[str]
    products: int


class BasketLeft(Event):
    """A customer has not touched a basket for a time, and has ordered nothing since."""

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["basket.left"] = "basket.left"
    data: BasketLeftData


class OrderStatusChangedData(EventData):
    order_id: str
    customer_id: str
    state: str
    previous: str
    carrier: str | None = None
    tracking_number: str | None = None


class OrderStatusChanged(Event):
    """An order was paid, packed, shipped, delivered or returned."""

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["order.status_changed"] = "order.status_changed"
    data: OrderStatusChangedData


class OrderStatusDueData(EventData):
    order_id: str
    customer_id: str
    state: str
    day: date


class OrderStatusDue(Event):
    """The daily status message to the customer of an open order is due."""

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["order.status_due"] = "order.status_due"
    data: OrderStatusDueData


class AnnounceOrderStatusesData(EventData):
    scheduled_at: datetime


class AnnounceOrderStatuses(Command):
    """Continue the daily status messages about open orders with the next chunk."""

    ROUTING_KEYS: ClassVar[tuple[str, ...]] = ("order-statuses",)

    source: Literal["tidings/orders"] = "tidings/orders"
    type: Literal["order_statuses.announce"] = "order_statuses.announce"
    data: AnnounceOrderStatusesData
