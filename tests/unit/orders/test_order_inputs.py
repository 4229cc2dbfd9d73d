"""Tests of the validation of input for orders."""

from datetime import UTC, datetime
from typing import Any

import pytest
from bson import encode
from pydantic import ValidationError

from tidings.orders.errors import ShipmentMissing, ShipmentTooEarly, StepRefused
from tidings.orders.schemas import (
    CancelOrder,
    OrderFilter,
    OrderListQuery,
    PlaceOrderHeaders,
    UpdateOrderStatus,
)
from tidings.platform.errors import RuleRefused

CUSTOMER = "6b0152a5f6b097fd8ed20a98"


@pytest.mark.parametrize("key", ["a", "8e03978e-40d5-43dd-bc93-6894a57f9324", "~" * 128])
def test_visible_ascii_is_a_key_with_and_without_quotes(key: str) -> None:
    for sent in (key, f'"{key}"'):
        headers = PlaceOrderHeaders.model_validate({"Idempotency-Key": sent})
        assert headers.idempotency_key == key


@pytest.mark.parametrize(
    "key", ["", " ", "a b", "a\n", "ä", "\x00", "a" * 129, {"$gt": ""}, 7, True], ids=ascii
)
def test_other_keys_are_refused(key: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        PlaceOrderHeaders.model_validate({"Idempotency-Key": key})
    assert refused.value.errors()[0]["loc"] == ("Idempotency-Key",)


def test_key_may_be_left_out() -> None:
    assert PlaceOrderHeaders.model_validate({}).idempotency_key is None


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"state": "sent"},
        {"state": "SHIPPED"},
        {"state": {"$ne": ""}},
        {"state": None},
        {"state": "shipped", "carrier": ""},
        {"state": "shipped", "carrier": "x" * 101},
        {"state": "shipped", "tracking_number": "{order}"},
        {"state": "shipped", "tracking_number": "1" * 65},
        {"state": "shipped", "tracking_number": "12\n"},
        {"state": "paid", "reason": "x" * 501},
        {"state": "paid", "reason": "  "},
        {"state": "paid", "total": 1},
        {"state": "paid", "customer_id": CUSTOMER},
    ],
    ids=lambda content: ascii(content)[:60],
)
def test_invalid_step_is_refused(content: Any) -> None:
    with pytest.raises(ValidationError):
        UpdateOrderStatus.model_validate(content)


def test_reason_is_kept_without_the_space_around_it() -> None:
    assert CancelOrder.model_validate({"reason": " too late "}).reason == "too late"
    assert CancelOrder.model_validate({}).reason is None


@pytest.mark.parametrize(
    "content",
    [
        {"state": "sent"},
        {"state": ""},
        {"state": {"$in": ["placed"]}},
        {"customer_id": "x"},
        {"customer_id": {"$gt": ""}},
        {"created_from": "yesterday"},
        {"created_before": "9" * 5_000},
        {"created_before": "5"},
        {"created_before": 5},
        {"$where": "1"},
    ],
    ids=lambda content: ascii(content)[:60],
)
def test_invalid_filter_is_refused(content: Any) -> None:
    with pytest.raises(ValidationError):
        OrderFilter.model_validate(content)


def test_query_string_has_a_filter_and_a_page() -> None:
    query = OrderListQuery.model_validate(
        {"state": "shipped", "limit": "5", "page": "2", "utm_source": "mail"}
    )
    assert (query.state, query.limit, query.page) == ("shipped", 5, 2)
    assert not hasattr(query, "utm_source")


def test_page_size_over_the_limit_is_refused() -> None:
    with pytest.raises(ValidationError):
        OrderListQuery.model_validate({"limit": "101"})


def test_time_without_a_zone_is_utc() -> None:
    wanted = OrderFilter.model_validate({"created_from": "2026-11-20T09:00:00"})
    assert wanted.created_from == datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "time",
    [
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59.999999",
    ],
)
def test_any_instant_is_accepted_as_a_filter(time: str) -> None:
    wanted = OrderFilter.model_validate({"created_from": time})
    assert encode({"at": wanted.created_from})


def test_refusals_of_orders_are_unprocessable_not_malformed() -> None:
    assert all(issubclass(each, RuleRefused) for each in (ShipmentMissing, ShipmentTooEarly))
    assert StepRefused.status == 422
