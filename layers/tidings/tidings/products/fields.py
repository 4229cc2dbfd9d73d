"""The values that products are made of, with their bounds."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, WithJsonSchema
from pydantic_core import PydanticCustomError

from tidings.products.currencies import DECIMALS, known

MAX_STOCK: Final = 1_000_000
MAX_AMOUNT: Final = 10_000_000_00
MAX_CATEGORIES: Final = 20
MAX_IMAGES: Final = 10
MAX_ATTRIBUTES: Final = 50

# No user information, no spaces, no fragment of markup: clients put it into a page.
HTTPS_URL: Final = r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~!$&()*+,;=:@%/?#-]*)?$"


class ProductState(StrEnum):
    """Who sees a product, and whether it is sold."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class ProductSort(StrEnum):
    """In which order products are listed; prices by currency first."""

    NEWEST = "newest"
    PRICE_ASC = "price_asc"
    PRICE_DESC = "price_desc"
    TITLE = "title"


Each = TypeVar("Each")


def _moving(change: int) -> int:
    if change == 0:
        raise PydanticCustomError("nothing_moves", "a change of 0 moves nothing")
    return change


def _once(values: Sequence[Each]) -> tuple[Each, ...]:
    return tuple(dict.fromkeys(values))


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"\S")
]
Description = Annotated[str, StringConstraints(max_length=10_000)]
Sku = Annotated[
    str,
    StringConstraints(to_upper=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
]
Amount = Annotated[int, Field(ge=0, le=MAX_AMOUNT, strict=True)]
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
# Neither a dot nor a dollar: a name is a key in MongoDB.
ATTRIBUTE_NAME: Final = r"^[A-Za-z][A-Za-z0-9 _-]{0,49}$"
AttributeName = Annotated[str, StringConstraints(pattern=ATTRIBUTE_NAME)]
Attributes = Annotated[
    dict[AttributeName, Text],
    Field(max_length=MAX_ATTRIBUTES),
    # pydantic's own says what such names have for values, and leaves all other names open.
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
