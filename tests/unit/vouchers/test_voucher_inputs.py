"""The input of a voucher is checked; an error says what and where."""

from typing import Any

import pytest
from pydantic import ValidationError

from tidings.platform.timing.clock import new_id
from tidings.vouchers.errors import (
    CodeIsGenerated,
    CustomerMissing,
    CustomerNotAsked,
    DiscountUnclear,
    PeriodEmpty,
)
from tidings.vouchers.fields import VoucherReach
from tidings.vouchers.schemas import CreateVoucher, UpdateVoucher

EARLY, LATE = "2026-03-01T00:00:00Z", "2026-04-01T00:00:00+02:00"


def new(**values: Any) -> CreateVoucher:
    given = {"name": "Spring", "percent": "10", "currency": "EUR", **values}
    return CreateVoucher.model_validate(given)


def test_least_input() -> None:
    found = new()
    assert (found.code, found.reach, found.minimum) == (None, VoucherReach.ANYONE, 0)
    assert (found.total_limit, found.customer_limit) == (None, 1)


def test_code_is_stored_in_capitals() -> None:
    assert new(code=" spring-10 ").code == "SPRING-10"


@pytest.mark.parametrize(
    ("values", "error", "field"),
    [
        ({"amount": 500}, DiscountUnclear, "amount"),
        ({"percent": None}, DiscountUnclear, "amount"),
        ({"reach": "customer"}, CustomerMissing, "customer_id"),
        ({"customer_id": new_id()}, CustomerNotAsked, "customer_id"),
        ({"reach": "campaign", "customer_id": new_id()}, CustomerNotAsked, "customer_id"),
        ({"reach": "customer", "customer_id": new_id(), "code": "ADA"}, CodeIsGenerated, "code"),
        ({"valid_from": LATE, "valid_until": EARLY}, PeriodEmpty, "valid_until"),
        ({"valid_from": EARLY, "valid_until": EARLY}, PeriodEmpty, "valid_until"),
    ],
)
def test_contradiction_is_refused(values: dict[str, Any], error: type, field: str) -> None:
    with pytest.raises(error) as refused:
        new(**values)
    assert refused.value.field == field  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "values",
    [
        *({"name": " "}, {"currency": "EUX"}, {"currency": "eur"}, {"reach": "everyone"}),
        *({"percent": None, "amount": 0}, {"percent": None, "amount": 1.5}, {"minimum": -1}),
        *({"percent": 10}, {"percent": "110"}, {"total_limit": 0}, {"customer_limit": 0}),
        *(
            {"code": "AB"},
            {"code": "-AB"},
            {"code": "A B C"},
            {"code": "SPRÜH"},
            {"code": "A" * 31},
        ),
        *({"valid_until": "2026-04-01"}, {"valid_until": 5}, {"uses": 3}, {"customer_id": "7"}),
    ],
)
def test_bad_value_is_refused_with_its_place(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        new(**values)
    assert {str(each["loc"][0]) for each in refused.value.errors()} <= {*values}


@pytest.mark.parametrize("values", [{"percent": "20"}, {"code": "B"}, {"name": None}, {"ended": 1}])
def test_discount_and_code_cannot_be_edited(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UpdateVoucher.model_validate({"version": 1, **values})
