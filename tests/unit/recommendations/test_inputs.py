"""Tests of the validation of activities."""

from typing import Any

import pytest
from pydantic import ValidationError

from tidings.recommendations.schemas import MAX_ITEMS, LogBrowse, LogPurchase

PRODUCT = "6b0152a6f6b097fd8ed20a9a"
ITEM = {"product_id": PRODUCT}


def test_required_fields_are_enough() -> None:
    bought = LogPurchase.model_validate({"items": [ITEM]})
    assert (bought.items[0].quantity, bought.order_id, bought.purchased_at) == (1, None, None)
    assert LogBrowse.model_validate({"views": [ITEM] * MAX_ITEMS}).views[0].viewed_at is None


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"items": []},
        {"items": [ITEM] * (MAX_ITEMS + 1)},
        {"items": [{}]},
        {"items": [{"product_id": "x"}]},
        {"items": [{"product_id": {"$gt": ""}}]},
        {"items": [ITEM | {"quantity": 0}]},
        {"items": [ITEM | {"quantity": "2"}]},
        {"items": [ITEM | {"quantity": 1_001}]},
        {"items": [ITEM | {"price": 1}]},
        {"items": [ITEM], "order_id": ""},
        {"items": [ITEM], "order_id": "a b"},
        {"items": [ITEM], "order_id": "a" * 65},
        {"items": [ITEM], "purchased_at": 1_700_000_000},
        {"items": [ITEM], "purchased_at": "1700000000"},
        {"items": [ITEM], "purchased_at": "2026-11-20T17:00:00"},
        {"items": [ITEM], "user_id": PRODUCT},
    ],
)
def test_invalid_purchase_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LogPurchase.model_validate(wrong)


@pytest.mark.parametrize(
    "wrong", [{}, {"views": []}, {"views": [ITEM | {"viewed_at": "yesterday"}]}, {"views": ITEM}]
)
def test_invalid_views_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LogBrowse.model_validate(wrong)
