"""Typed input and output of the orders' operations."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tidings.orders.errors import RepeatedProduct
from tidings.orders.models import OrderState

MAX_ITEMS = 100
MAX_QUANTITY = 10_000
# GraphQL's Int is signed and has 32 bits.
MAX_TOTAL = 2**31 - 1

DocumentId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]


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
    model_config = ConfigDict(from_attributes=True)

    state: OrderState
    at: datetime
    reason: str | None


class OrderView(BaseModel):
    """An order as its customer sees it."""

    id: str
    customer_id: str
    state: OrderState
    items: list[OrderItemView]
    total: Amount
    history: list[TransitionView]
    correlation_id: str | None
    created_at: datetime
