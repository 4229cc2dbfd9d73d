"""Typed input and output of the orders' operations."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from tidings.orders.errors import RepeatedProduct
from tidings.orders.states import Actor, OrderState
from tidings.platform.pagination import PageRequest

MAX_ITEMS = 100
MAX_QUANTITY = 10_000
# GraphQL's Int is signed and has 32 bits.
MAX_TOTAL = 2**31 - 1

# Every order there can be lies between; MongoDB keeps no instant beyond.
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)


def _dated(value: object) -> object:
    # Pydantic would take numbers for seconds since 1970.
    if isinstance(value, datetime) or (isinstance(value, str) and re.match(r"\d{4}-\d", value)):
        return value
    raise ValueError("send a time, e.g. 2026-12-01T17:00:00Z")


def _instant(value: datetime) -> datetime:
    """Read a time without a zone as UTC, and bring it to where orders can be."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return min(max(aware, EARLIEST), LATEST)


DocumentId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]
Instant = Annotated[datetime, BeforeValidator(_dated), AfterValidator(_instant)]
# `\S`: the schema says as well as the check that blanks alone are nothing.
Reason = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\S", max_length=500)]
Carrier = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\S", max_length=100)]
# Visible ASCII: it is sent as a header.
IdempotencyKey = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]
TrackingNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./-]{0,63}$")]


class PlaceOrderItem(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    product_id: DocumentId
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, strict=True)]


class PlaceOrder(BaseModel):
    """What a customer wants; each product is named once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: Annotated[tuple[PlaceOrderItem, ...], Field(min_length=1, max_length=MAX_ITEMS)]

    @model_validator(mode="after")
    def _each_product_once(self) -> Self:
        ids = [item.product_id for item in self.items]
        if len(set(ids)) < len(ids):
            raise RepeatedProduct
        return self


class PlaceOrderHeaders(BaseModel):
    """`Idempotency-Key` as in draft-ietf-httpapi-idempotency-key-header."""

    model_config = ConfigDict(frozen=True)

    idempotency_key: IdempotencyKey | None = Field(None, alias="Idempotency-Key")


class CancelOrder(BaseModel):
    """Why an order is cancelled, where there is something to say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Reason | None = None


class UpdateOrderStatus(BaseModel):
    """Where an order goes next; carrier and tracking number come with `shipped`, both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: OrderState
    reason: Reason | None = None
    carrier: Carrier | None = None
    tracking_number: TrackingNumber | None = None


class OrderFilter(BaseModel):
    """Which orders are listed; what is left out does not narrow the list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: OrderState | None = None
    customer_id: DocumentId | None = None
    created_from: Instant | None = None
    created_before: Instant | None = None


class OrderListQuery(OrderFilter, PageRequest):
    """The query string of a list of orders."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Amount(BaseModel):
    """An amount in the currency's minor unit (cents), and its ISO 4217 code."""

    amount: int
    currency: str


class OrderItemView(BaseModel):
    product_id: str
    sku: str
    title: str
    quantity: int
    unit_price: Amount


class TransitionView(BaseModel):
    """A step; `user_id` says to operators who took it."""

    model_config = ConfigDict(from_attributes=True)

    state: OrderState
    at: datetime
    actor: Actor
    user_id: str | None
    reason: str | None


class OrderView(BaseModel):
    """An order as its customer sees it."""

    id: str
    customer_id: str
    state: OrderState
    items: list[OrderItemView]
    total: Amount
    history: list[TransitionView]
    carrier: str | None
    tracking_number: str | None
    correlation_id: str | None
    created_at: datetime
