from typing import Any

import pytest
from pydantic import ValidationError

from tidings.products.schemas import CreateProduct

VALID: dict[str, Any] = {
    "sku": "mug-01",
    "title": "Mug",
    "price": {"amount": 990, "currency": "EUR"},
    "stock": 3,
}


def test_sku_is_kept_in_upper_case() -> None:
    assert CreateProduct.model_validate(VALID).sku == "MUG-01"


def test_stock_and_description_may_be_left_out() -> None:
    new = CreateProduct.model_validate({k: v for k, v in VALID.items() if k != "stock"})
    assert (new.stock, new.description) == (0, "")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sku": ""}, ("sku",)),
        ({"sku": "a b"}, ("sku",)),
        ({"sku": "-a"}, ("sku",)),
        ({"sku": "a\n"}, ("sku",)),
        ({"sku": "x" * 65}, ("sku",)),
        ({"sku": "größe"}, ("sku",)),
        ({"title": " "}, ("title",)),
        ({"title": "x" * 201}, ("title",)),
        ({"description": "x" * 10_001}, ("description",)),
        ({"price": {"amount": -1, "currency": "EUR"}}, ("price", "amount")),
        ({"price": {"amount": 9.9, "currency": "EUR"}}, ("price", "amount")),
        ({"price": {"amount": "990", "currency": "EUR"}}, ("price", "amount")),
        ({"price": {"amount": True, "currency": "EUR"}}, ("price", "amount")),
        ({"price": {"amount": 10**15 + 1, "currency": "EUR"}}, ("price", "amount")),
        ({"price": {"amount": 1, "currency": "eur"}}, ("price", "currency")),
        ({"price": {"amount": 1, "currency": "EURO"}}, ("price", "currency")),
        ({"price": {"amount": 1, "currency": "EUR\n"}}, ("price", "currency")),
        ({"price": {"amount": 1, "currency": "EUR", "x": 1}}, ("price", "x")),
        ({"stock": -1}, ("stock",)),
        ({"stock": 1_000_001}, ("stock",)),
        ({"stock": 1.0}, ("stock",)),
        ({"stock": {"$inc": 1}}, ("stock",)),
        ({"id": "1"}, ("id",)),
    ],
    ids=str,
)
def test_invalid_field_is_refused_by_name(change: dict[str, Any], field: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        CreateProduct.model_validate(VALID | change)
    assert [error["loc"] for error in refused.value.errors()] == [field]
