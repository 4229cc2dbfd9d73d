"""Input and output models of order operations."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from tidings.orders.errors import RepeatedProduct
from tidings.orders.states import Actor, OrderState
from tidings.platform.inputs.idempotency import IdempotencyKey
from tidings.platform.inputs.ids import DocumentId
from tidings.platform.inputs.json_text import MAX_EXACT_INTEGER
from tidings.platform.schema import Schema
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.text.visible_text import VisibleLine, VisibleText
from tidings.products.fields import INT64
from tidings.vouchers.fields import GivenCode

MAX_ITEMS = 100
MAX_QUANTITY = 10_000
# In minor units.
MAX_TOTAL = MAX_EXACT_INTEGER

# All orders lie between these times, and MongoDB stores no later time.
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)


def _dated(value: object) -> object:
    # Pydantic would read numbers as seconds since 1970.
    if isinstance(value, datetime) or (isinstance(value, str) and re.match(r"\d{4}-\d", value)):
        return value
    raise ValueError("send a time, e.g. 2026-12-01T17:00:00Z")


def _instant(value: datetime) -> datetime:
    """Read a time without a zone as UTC, and limit it to the range of orders."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return min(max(aware, EARLIEST), LATEST)


Instant = Annotated[datetime, BeforeValidator(_dated), AfterValidator(_instant)]
Reason = Annotated[str, VisibleText(max_length=500)]
Carrier = Annotated[str, VisibleLine(max_length=100)]
TrackingNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./-]{0,63}$")]


class PlaceOrderItem(Schema):
    model_config = ConfigDict(extra="forbid", frozen=True)

    product_id: DocumentId
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, strict=True)]


class PlaceOrder(Schema):
    """A new order; each product is listed once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: Annotated[tuple[PlaceOrderItem, ...], Field(min_length=1, max_length=MAX_ITEMS)]
    voucher_code: GivenCode | None = None

    @model_validator(mode="after")
    def _each_product_once(self) -> Self:
        ids = [item.product_id for item in self.items]
        if len(set(ids)) < len(ids):
            raise RepeatedProduct
        return self


class PlaceOrderHeaders(Schema):
    """`Idempotency-Key` as in draft-ietf-httpapi-idempotency-key-header."""

    model_config = ConfigDict(frozen=True)

    idempotency_key: IdempotencyKey | None = Field(None, alias="Idempotency-Key")


class CancelOrder(Schema):
    """The reason for a cancellation, if there is one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Reason | None = None


class UpdateOrderStatus(Schema):
    """The next state of an order; `shipped` needs both carrier and tracking number."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: OrderState
    reason: Reason | None = None
    carrier: Carrier | None = None
    tracking_number: TrackingNumber | None = None


class OrderFilter(Schema):
    """A filter for orders; fields that are left out do not filter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: OrderState | None = None
    customer_id: DocumentId | None = None
    created_from: Instant | None = None
    created_before: Instant | None = None
    voucher_id: DocumentId | None = None


class OrderListQuery(OrderFilter, PageRequest):
    """A filter for orders, and the requested part of the list."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Amount(Schema):
    """An amount in the currency's minor unit (cents), and its ISO 4217 code."""

    # A sum, or a price at the time of the order, which today's limits do not apply to.
    amount: Annotated[int, Field(json_schema_extra=INT64)]
    currency: str


class OrderItemView(Schema):
    product_id: str
    sku: str
    title: str
    quantity: int
    unit_price: Amount


class TransitionView(Schema):
    """A step of an order; operators see `user_id`, the person who made it."""

    model_config = ConfigDict(from_attributes=True)

    state: OrderState
    at: datetime
    actor: Actor
    user_id: str | None
    reason: str | None


class OrderView(Schema):
    """An order as its customer sees it."""

    id: str
    customer_id: str
    state: OrderState
    items: list[OrderItemView]
    subtotal: Amount = Field(description="the sum of all items")
    discount: Amount = Field(description="what the voucher reduced it by; 0 without a voucher")
    total: Amount
    voucher_code: str | None
    voucher_id: str | None
    history: list[TransitionView]
    carrier: str | None
    tracking_number: str | None
    correlation_id: str | None
    created_at: datetime


class OrderPreview(Schema):
    """What an order would cost now."""

    items: list[OrderItemView]
    subtotal: Amount = Field(description="the sum of all items")
    discount: Amount = Field(description="what the voucher reduces it by; 0 without a voucher")
    total: Amount
    voucher_code: str | None


class SetBasketLine(Schema):
    """The pieces of a product; 0 removes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quantity: Annotated[int, Field(ge=0, le=MAX_QUANTITY, strict=True)]


class OrderBasket(Schema):
    """The basket that the customer has seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: DocumentId = Field(description="of the basket, as it was read")
    voucher_code: GivenCode | None = None


class BasketLineView(Schema):
    """A product in a basket, at its current price."""

    product_id: str
    quantity: int
    title: str | None = Field(default=None, description="null if it is no longer on sale")
    unit_price: Amount | None = None
    in_stock: bool = Field(default=False, description="whether there are that many pieces now")


class BasketView(Schema):
    """A person's basket at current prices."""

    state: str | None = Field(description="changes with each change; null if it is empty")
    lines: list[BasketLineView]
    total: Amount | None = Field(description="null if it cannot be ordered as it is")
    changed_at: datetime | None
    expires_at: datetime | None = Field(description="when it is deleted if nothing changes")
