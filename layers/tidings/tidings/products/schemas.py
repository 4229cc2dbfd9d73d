"""Input and output models of product operations."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from tidings.platform.inputs.flags import Flag
from tidings.platform.schema import Schema
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.text.addresses import Email
from tidings.platform.text.languages import Language
from tidings.products.fields import (
    Attributes,
    Categories,
    Category,
    Currency,
    Description,
    Images,
    MinorUnits,
    MovementKind,
    PriceLimit,
    ProductSort,
    ProductState,
    Sku,
    Stock,
    StockChange,
    Text,
    Title,
)

INPUT = ConfigDict(extra="forbid", frozen=True)


class Money(Schema):
    """An amount in the currency's minor unit (cents), and its ISO 4217 code."""

    # A price, within the limits of prices; sums are an `Amount` (docs/decisions/0115).
    model_config = ConfigDict(frozen=True, from_attributes=True, extra="forbid")

    amount: MinorUnits
    currency: Currency


class CreateProduct(Schema):
    """A new product."""

    model_config = INPUT

    sku: Sku
    title: Title
    description: Description = ""
    price: Money
    attributes: Attributes = Field(default_factory=dict)
    categories: Categories = ()
    images: Images = ()
    stock: Stock = 0
    state: ProductState = ProductState.ACTIVE


class UpdateProduct(Schema):
    """The fields of a product to change; fields that are left out or null do not change."""

    model_config = INPUT

    version: Annotated[
        int, Field(ge=1, le=2**31 - 1, strict=True, description="the version to change")
    ]
    title: Title | None = None
    description: Description | None = None
    price: Money | None = None
    attributes: Attributes | None = None
    categories: Categories | None = None
    images: Images | None = None
    state: ProductState | None = None


class AdjustStock(Schema):
    """The number of pieces added (positive) or removed (negative), and the reason."""

    model_config = INPUT

    change: StockChange
    reason: Text


class SubscribeToStock(Schema):
    """Who wants to know when a product is back: a signed-in caller, or the owner of an address."""

    # An error must not quote an address.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    email: Email | None = Field(
        default=None, description="gets a mail to confirm first; leave it out if you are signed in"
    )
    language: Language | None = Field(
        default=None, description="of mails to the address; the default is en"
    )


class StockNoticeState(StrEnum):
    """Whether a request for a notice is complete."""

    SUBSCRIBED = "subscribed"
    CONFIRMATION_SENT = "confirmation_sent"


class StockNotice(Schema):
    """A request to be told when a product is back in stock."""

    product_id: str
    state: StockNoticeState = Field(
        description="`confirmation_sent`: the owner of the address has to confirm it"
    )


class StockSubscriptionView(Schema):
    """A product that a person waits for."""

    model_config = ConfigDict(from_attributes=True)

    product_id: str
    created_at: datetime
    expires_at: datetime = Field(description="when it ends without a message")


class StockUnsubscription(Schema):
    """The product that a person no longer waits for."""

    product_id: str


class ProductFilter(Schema):
    """A filter for products; all conditions must hold."""

    model_config = ConfigDict(frozen=True)

    category: Category | None = None
    state: ProductState | None = Field(
        None, description="only operators see other states than active"
    )
    currency: Currency | None = None
    min_price: PriceLimit | None = Field(None, description="in minor units")
    max_price: PriceLimit | None = Field(None, description="in minor units")
    in_stock: Flag | None = Field(None, description="true: only in stock; false: only out of stock")
    search: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        None, description="beginnings of words; all of them must match"
    )


class ListProducts(PageRequest, ProductFilter):
    """The filter, order and page of a catalogue list."""

    sort: ProductSort = ProductSort.NEWEST


class ProductView(Schema):
    """A product of the catalogue."""

    id: str
    sku: str
    title: str
    description: str
    price: Money
    attributes: dict[str, str]
    categories: list[str]
    images: list[str]
    stock: int
    state: ProductState
    version: int = Field(description="counts the changes; an update must contain it")
    created_at: datetime
    updated_at: datetime


class StockLine(Schema):
    """A number of pieces of one product."""

    model_config = ConfigDict(frozen=True)

    product_id: str
    quantity: int


class StockMovementView(Schema):
    """One change of a product's stock."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    product_id: str
    kind: MovementKind
    change: int
    stock_after: int
    reason: str
    actor_id: str | None = Field(description="the operator of an adjustment")
    order_id: str | None = Field(description="the order of a reservation or release")
    created_at: datetime
