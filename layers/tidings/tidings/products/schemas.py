"""Typed input and output of the products' operations."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tidings.platform.flags import Flag
from tidings.platform.pagination import PageRequest
from tidings.products.fields import (
    MAX_AMOUNT,
    Amount,
    Attributes,
    Categories,
    Category,
    Currency,
    Description,
    Images,
    ProductSort,
    ProductState,
    Sku,
    Stock,
    StockChange,
    Text,
)

INPUT = ConfigDict(extra="forbid", frozen=True)


class Money(BaseModel):
    """An amount in the currency's minor unit (cents), and its ISO 4217 code."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="forbid")

    amount: Amount
    currency: Currency


class CreateProduct(BaseModel):
    """A new product."""

    model_config = INPUT

    sku: Sku
    title: Text
    description: Description = ""
    price: Money
    attributes: Attributes = Field(default_factory=dict)
    categories: Categories = ()
    images: Images = ()
    stock: Stock = 0
    state: ProductState = ProductState.ACTIVE


class UpdateProduct(BaseModel):
    """What becomes of a product; what is left out, or null, stays as it is."""

    model_config = INPUT

    version: Annotated[
        int, Field(ge=1, le=2**31 - 1, strict=True, description="the version that is changed")
    ]
    title: Text | None = None
    description: Description | None = None
    price: Money | None = None
    attributes: Attributes | None = None
    categories: Categories | None = None
    images: Images | None = None
    state: ProductState | None = None


class AdjustStock(BaseModel):
    """Pieces that came in (positive) or are gone (negative), and why."""

    model_config = INPUT

    change: StockChange
    reason: Text


class ProductFilter(BaseModel):
    """Which products are wanted; everything that is said must hold."""

    model_config = ConfigDict(frozen=True)

    category: Category | None = None
    state: ProductState | None = Field(None, description="operators see other than active ones")
    currency: Currency | None = None
    min_price: Annotated[int, Field(ge=0, le=MAX_AMOUNT)] | None = Field(
        None, description="in minor units"
    )
    max_price: Annotated[int, Field(ge=0, le=MAX_AMOUNT)] | None = Field(
        None, description="in minor units"
    )
    in_stock: Flag | None = Field(None, description="true: only what is there; false: the rest")
    search: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        None, description="beginnings of words, all of which must be found"
    )


class ListProducts(PageRequest, ProductFilter):
    """The query string of the catalogue: filter, order and page."""

    sort: ProductSort = ProductSort.NEWEST


class ProductView(BaseModel):
    """A product as those see it who may."""

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
    version: int = Field(description="counts the changes; an update names it")
    created_at: datetime
    updated_at: datetime


class StockLine(BaseModel):
    """So many pieces of one product."""

    model_config = ConfigDict(frozen=True)

    product_id: str
    quantity: int


class MovementKind(StrEnum):
    """What moved the stock."""

    ADJUSTED = "adjusted"
    RESERVED = "reserved"
    RELEASED = "released"


class StockMovementView(BaseModel):
    """One change of a product's stock."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    product_id: str
    kind: MovementKind
    change: int
    stock_after: int
    reason: str
    actor_id: str | None = Field(description="who adjusted it")
    order_id: str | None = Field(description="for which order")
    created_at: datetime
