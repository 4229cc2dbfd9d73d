"""Input and output models of voucher operations."""

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, model_validator

from tidings.platform.inputs.flags import Flag
from tidings.platform.inputs.ids import DocumentId
from tidings.platform.inputs.partial import left_as_it_is
from tidings.platform.schema import Schema
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.times import Time
from tidings.products.fields import INT64, Currency
from tidings.vouchers.errors import (
    CodeIsGenerated,
    CustomerMissing,
    CustomerNotAsked,
    DiscountUnclear,
    PeriodEmpty,
)
from tidings.vouchers.fields import (
    MAX_VERSION,
    Amount,
    CustomerLimit,
    GivenCode,
    Minimum,
    Name,
    NewCode,
    Percent,
    TotalLimit,
    VoucherReach,
    VoucherState,
)

INPUT: Final = ConfigDict(extra="forbid", frozen=True)


class CreateVoucher(Schema):
    """A new voucher: an amount or a per cent; amounts are in minor units of its currency."""

    model_config = INPUT

    name: Name = Field(description="for operators; customers do not see it")
    code: NewCode | None = Field(None, description="generated if it is left out")
    reach: VoucherReach = VoucherReach.ANYONE
    customer_id: DocumentId | None = Field(None, description="with the reach `customer`")
    amount: Amount | None = None
    percent: Percent | None = Field(None, description="with two decimals at most: `12.5`")
    currency: Currency
    minimum: Minimum = Field(0, description="the least sum of the items")
    valid_from: Time | None = Field(None, description="null: at once")
    valid_until: Time | None = Field(None, description="null: until it is ended")
    total_limit: TotalLimit | None = Field(None, description="orders in all; null: no limit")
    customer_limit: CustomerLimit | None = Field(
        1, description="orders of one customer; null: no limit"
    )

    @model_validator(mode="after")
    def _one_discount_and_its_customer(self) -> Self:
        if (self.amount is None) == (self.percent is None):
            raise DiscountUnclear
        if self.reach is VoucherReach.CUSTOMER:
            if self.customer_id is None:
                raise CustomerMissing
            if self.code is not None:
                raise CodeIsGenerated
        elif self.customer_id is not None:
            raise CustomerNotAsked
        check_period(self.valid_from, self.valid_until)
        return self


class UpdateVoucher(Schema):
    """The fields to change; other fields do not change. `version` is the version that was read."""

    model_config = INPUT

    version: Annotated[int, Field(ge=1, le=MAX_VERSION, strict=True)]
    name: Name = left_as_it_is()
    valid_from: Time | None = Field(None, description="null: at once")
    valid_until: Time | None = Field(None, description="null: until it is ended")
    total_limit: TotalLimit | None = Field(None, description="null: no limit")
    customer_limit: CustomerLimit | None = Field(None, description="null: no limit")
    ended: Annotated[bool, Field(strict=True)] = left_as_it_is()


class VoucherFilter(Schema):
    """A filter for vouchers; fields that are left out do not filter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: GivenCode | None = Field(None, description="this code")
    ended: Flag | None = None


class VoucherListQuery(VoucherFilter, PageRequest):
    """A filter for vouchers, and the requested part of the list."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class VoucherView(Schema):
    """A voucher as operators see it."""

    id: str
    code: str
    name: str
    reach: VoucherReach
    customer_id: str | None
    amount: Annotated[int, Field(json_schema_extra=INT64)] | None
    percent: str | None
    currency: str
    minimum: Annotated[int, Field(json_schema_extra=INT64)]
    valid_from: datetime | None
    valid_until: datetime | None
    total_limit: int | None
    customer_limit: int | None
    ended: bool
    state: VoucherState
    uses: int = Field(description="orders that have it, without rejected and cancelled ones")
    discounted: Annotated[int, Field(json_schema_extra=INT64)] = Field(
        description="what these orders were reduced by"
    )
    version: int = Field(description="counts the edits; an edit must contain it")
    created_at: datetime
    updated_at: datetime


def check_period(valid_from: datetime | None, valid_until: datetime | None) -> None:
    """Check that a voucher's period is not empty.

    Raises:
        PeriodEmpty: it ends before it begins.
    """
    if valid_from is not None and valid_until is not None and valid_until <= valid_from:
        raise PeriodEmpty
