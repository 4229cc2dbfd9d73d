"""Typed input and output of the products' operations."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MAX_STOCK = 1_000_000
MAX_AMOUNT = 10_000_000_00

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Sku = Annotated[
    str,
    StringConstraints(to_upper=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
]


class Money(BaseModel):
    """An amount in the currency's minor unit (cents), and its ISO 4217 code."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="forbid")

    amount: Annotated[int, Field(ge=0, le=MAX_AMOUNT, strict=True)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class CreateProduct(BaseModel):
    """A new product."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sku: Sku
    title: Text
    description: Annotated[str, StringConstraints(max_length=10_000)] = ""
    price: Money
    stock: Annotated[int, Field(ge=0, le=MAX_STOCK, strict=True)] = 0


class ProductView(BaseModel):
    """A product as everybody sees it."""

    id: str
    sku: str
    title: str
    description: str
    price: Money
    stock: int
    created_at: datetime


class StockLine(BaseModel):
    """So many pieces of one product."""

    model_config = ConfigDict(frozen=True)

    product_id: str
    quantity: int
