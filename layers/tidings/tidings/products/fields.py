"""The field types of products, with their limits."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from tidings.platform.text.visible_text import VisibleLine, VisibleText
from tidings.products.currencies import DECIMALS, known

MAX_STOCK: Final = 1_000_000
# In minor units, for all currencies: ten trillion euros, or a hundred billion of a currency with
# four decimals. Sums have their own limit (orders.schemas.MAX_TOTAL).
MAX_AMOUNT: Final = 10**15
MAX_CATEGORIES: Final = 20
MAX_IMAGES: Final = 10
MAX_ATTRIBUTES: Final = 50

DIGITS: Final = re.compile(r"[0-9]{1,16}")
# Without user information, spaces and markup, because clients insert the URL into a page.
HTTPS_URL: Final = r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~!$&()*+,;=:@%/?#-]*)?$"


class ProductState(StrEnum):
    """The state of a product: it decides who sees it, and whether it is sold."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class MovementKind(StrEnum):
    """The kind of a stock movement."""

    ADJUSTED = "adjusted"
    RESERVED = "reserved"
    RELEASED = "released"


class ProductSort(StrEnum):
    """The order of products in a list; price orders sort by currency first."""

    NEWEST = "newest"
    PRICE_ASC = "price_asc"
    PRICE_DESC = "price_desc"
    TITLE = "title"


Each = TypeVar("Each")


def _moving(change: int) -> int:
    if change == 0:
        raise PydanticCustomError("nothing_moves", "a change of 0 changes nothing")
    return change


def _digits(value: object) -> object:
    """Refuse texts that Python would read as numbers: `1_000`, `+5`, `5.0`, other digits."""
    if isinstance(value, str) and not DIGITS.fullmatch(value):
        raise PydanticCustomError("no_digits", "send minor units, with digits only")
    return value


def _once(values: Sequence[Each]) -> tuple[Each, ...]:
    return tuple(dict.fromkeys(values))


Title = Annotated[str, VisibleLine(max_length=200)]
Text = Annotated[str, VisibleText(max_length=200)]
Description = Annotated[str, StringConstraints(max_length=10_000)]
Sku = Annotated[
    str,
    StringConstraints(to_upper=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
]
# 64 bits, because code generated from the OpenAPI document uses 32 bits for a plain integer.
INT64: Final[dict[str, JsonValue]] = {"format": "int64"}
MinorUnits = Annotated[int, Field(ge=0, le=MAX_AMOUNT, strict=True, json_schema_extra=INT64)]
PriceLimit = Annotated[
    int,
    BeforeValidator(_digits),
    Field(ge=0, le=MAX_AMOUNT, json_schema_extra=INT64),
]
Currency = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{3}$"),
    AfterValidator(known),
    WithJsonSchema({"type": "string", "enum": sorted(DECIMALS)}),
]
Category = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,49}$")
]
Categories = Annotated[
    tuple[Category, ...], Field(max_length=MAX_CATEGORIES), AfterValidator(_once)
]
Image = Annotated[str, StringConstraints(max_length=2_000, pattern=HTTPS_URL)]
Images = Annotated[tuple[Image, ...], Field(max_length=MAX_IMAGES), AfterValidator(_once)]
# No dot and no dollar sign, because the name is a key in MongoDB.
ATTRIBUTE_NAME: Final = r"^[A-Za-z][A-Za-z0-9 _-]{0,49}$"
AttributeName = Annotated[str, StringConstraints(pattern=ATTRIBUTE_NAME)]
Attributes = Annotated[
    dict[AttributeName, Text],
    Field(max_length=MAX_ATTRIBUTES),
    # pydantic's own schema describes the values of such names, but allows all other names.
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": ATTRIBUTE_NAME},
            "additionalProperties": TypeAdapter(Text).json_schema(),
            "maxProperties": MAX_ATTRIBUTES,
        }
    ),
]
Stock = Annotated[int, Field(ge=0, le=MAX_STOCK, strict=True)]
StockChange = Annotated[
    int,
    Field(ge=-MAX_STOCK, le=MAX_STOCK, strict=True, json_schema_extra={"not": {"const": 0}}),
    AfterValidator(_moving),
]
