"""The field types of vouchers, with their limits."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from tidings.platform.text.visible_text import VisibleLine
from tidings.products.fields import INT64, MAX_AMOUNT

MAX_LIMIT: Final = 10**9
MAX_USES_OF_CUSTOMER: Final = 1_000
MAX_VERSION: Final = 2**31 - 1


class VoucherReach(StrEnum):
    """Who may use a voucher."""

    # Everyone who knows the code.
    ANYONE = "anyone"
    # One customer, by a generated code.
    CUSTOMER = "customer"
    # Each person that a campaign tells, by a code of their own.
    CAMPAIGN = "campaign"


class VoucherState(StrEnum):
    """Whether orders can have a voucher now, and otherwise the reason."""

    UPCOMING = "upcoming"
    ACTIVE = "active"
    USED_UP = "used_up"
    EXPIRED = "expired"
    ENDED = "ended"


Name = Annotated[str, VisibleLine(max_length=200)]
# The code that an operator chooses; a personal one of a campaign appends to it.
NewCode = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{1,28}[A-Za-z0-9]$"
    ),
]
# Any code that a customer may type.
GivenCode = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{1,58}[A-Za-z0-9]$"
    ),
]
Amount = Annotated[int, Field(ge=1, le=MAX_AMOUNT, strict=True, json_schema_extra=INT64)]
Minimum = Annotated[int, Field(ge=0, le=MAX_AMOUNT, strict=True, json_schema_extra=INT64)]
# A text, because a number such as 7.1 has no exact binary form.
Percent = Annotated[
    str,
    StringConstraints(
        pattern=r"^(100|[1-9][0-9]?(\.[0-9]{1,2})?|0\.(0[1-9]|[1-9][0-9]?))$",
        max_length=5,
    ),
]
TotalLimit = Annotated[int, Field(ge=1, le=MAX_LIMIT, strict=True)]
CustomerLimit = Annotated[int, Field(ge=1, le=MAX_USES_OF_CUSTOMER, strict=True)]
