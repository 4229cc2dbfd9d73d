"""Tests of the validation of input for products."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from tidings.products.schemas import AdjustStock, CreateProduct, ListProducts, UpdateProduct

NEW: dict[str, Any] = {
    "sku": "mug-01",
    "title": "Mug",
    "price": {"amount": 990, "currency": "EUR"},
}
Location = tuple[str | int, ...]


def refused(model: type[BaseModel], values: dict[str, Any]) -> list[Location]:
    with pytest.raises(ValidationError) as refusal:
        model.model_validate(values)
    return [error["loc"] for error in refusal.value.errors()]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price": {"amount": 1, "currency": "XXX"}}, ("price", "currency")),
        ({"price": {"amount": 1, "currency": "DEM"}}, ("price", "currency")),
        ({"attributes": {"": "x"}}, ("attributes", "", "[key]")),
        ({"attributes": {"$where": "x"}}, ("attributes", "$where", "[key]")),
        ({"attributes": {"a.b": "x"}}, ("attributes", "a.b", "[key]")),
        ({"attributes": {"a\x00": "x"}}, ("attributes", "a\x00", "[key]")),
        ({"attributes": {"a": ""}}, ("attributes", "a")),
        ({"attributes": {"a": {"$gt": ""}}}, ("attributes", "a")),
        ({"attributes": {"a": 1}}, ("attributes", "a")),
        ({"attributes": {"a": "x" * 201}}, ("attributes", "a")),
        ({"attributes": {f"a{n}": "x" for n in range(51)}}, ("attributes",)),
        ({"attributes": ["a"]}, ("attributes",)),
        ({"categories": ["a b"]}, ("categories", 0)),
        ({"categories": ["x" * 51]}, ("categories", 0)),
        ({"categories": [f"c{n}" for n in range(21)]}, ("categories",)),
        ({"categories": "office"}, ("categories",)),
        ({"images": ["http://example.com/x.jpg"]}, ("images", 0)),
        ({"images": ["javascript:alert(1)"]}, ("images", 0)),
        ({"images": ["https://user:pass@example.com/"]}, ("images", 0)),
        ({"images": ['https://example.com/"onload=']}, ("images", 0)),
        ({"images": ["https://example.com/ x"]}, ("images", 0)),
        ({"images": ["https://example.com/\n"]}, ("images", 0)),
        ({"images": ["https://"]}, ("images", 0)),
        ({"images": ["https://example.com/" + "x" * 2000]}, ("images", 0)),
        ({"images": [f"https://example.com/{n}" for n in range(11)]}, ("images",)),
        ({"state": "sold"}, ("state",)),
        ({"state": None}, ("state",)),
        ({"version": 1}, ("version",)),
        ({"words": []}, ("words",)),
    ],
    ids=str,
)
def test_invalid_field_of_a_new_product_is_refused_by_name(
    change: dict[str, Any], field: Location
) -> None:
    assert refused(CreateProduct, NEW | change) == [field]


def test_new_product_accepts_all_fields() -> None:
    new = CreateProduct.model_validate(
        NEW
        | {
            "attributes": {"Nib size": " fine "},
            "categories": ["Office", "office", "pens-1"],
            "images": ["https://cdn.example.com:8443/a/b.jpg?x=1&y=%20#z"] * 2,
            "state": "draft",
        }
    )
    assert new.attributes == {"Nib size": "fine"}
    assert new.categories == ("office", "pens-1")
    assert len(new.images) == 1
    assert new.state == "draft"


def test_new_product_is_on_sale_by_default() -> None:
    assert CreateProduct.model_validate(NEW).state == "active"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, ("version",)),
        ({"version": 0}, ("version",)),
        ({"version": "1"}, ("version",)),
        ({"version": True}, ("version",)),
        ({"version": 2**31}, ("version",)),
        ({"version": 1, "sku": "A"}, ("sku",)),
        ({"version": 1, "stock": 1}, ("stock",)),
        ({"version": 1, "title": ""}, ("title",)),
        ({"version": 1, "price": {"amount": -1, "currency": "EUR"}}, ("price", "amount")),
        ({"version": 1, "$set": {}}, ("$set",)),
    ],
    ids=str,
)
def test_invalid_field_of_an_update_is_refused_by_name(
    values: dict[str, Any], field: Location
) -> None:
    assert refused(UpdateProduct, values) == [field]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"change": 1_000_001}, ("change",)),
        ({"change": -1_000_001}, ("change",)),
        ({"change": 0}, ("change",)),
        ({"change": 1.0}, ("change",)),
        ({"change": "1"}, ("change",)),
        ({"change": {"$inc": 1}}, ("change",)),
        ({"reason": ""}, ("reason",)),
        ({"reason": " "}, ("reason",)),
        ({"reason": "x" * 201}, ("reason",)),
        ({"actor_id": "me"}, ("actor_id",)),
    ],
    ids=str,
)
def test_invalid_adjustment_is_refused_by_name(change: dict[str, Any], field: Location) -> None:
    assert refused(AdjustStock, {"change": 1, "reason": "x"} | change) == [field]


def test_adjustment_of_zero_is_refused_with_the_reason_in_the_schema() -> None:
    with pytest.raises(ValidationError, match="a change of 0 changes nothing"):
        AdjustStock.model_validate({"change": 0, "reason": "x"})
    assert AdjustStock.model_json_schema()["properties"]["change"]["not"] == {"const": 0}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"category": "a b"}, ("category",)),
        ({"category": {"$gt": ""}}, ("category",)),
        ({"state": "sold"}, ("state",)),
        ({"currency": "XXX"}, ("currency",)),
        ({"min_price": "-1"}, ("min_price",)),
        ({"max_price": "1.5"}, ("max_price",)),
        ({"max_price": str(10**15 + 1)}, ("max_price",)),
        ({"max_price": "9" * 5_000}, ("max_price",)),
        ({"max_price": "1_000"}, ("max_price",)),
        ({"max_price": "+5"}, ("max_price",)),
        ({"max_price": "1e3"}, ("max_price",)),
        ({"max_price": "\uff15"}, ("max_price",)),
        ({"in_stock": "maybe"}, ("in_stock",)),
        ({"search": "x" * 101}, ("search",)),
        ({"search": {"$regex": "."}}, ("search",)),
        ({"sort": "stock"}, ("sort",)),
        ({"limit": "101"}, ("limit",)),
    ],
    ids=str,
)
def test_invalid_parameter_of_a_list_is_refused_by_name(
    values: dict[str, Any], field: Location
) -> None:
    assert refused(ListProducts, values) == [field]


def test_parameters_of_a_url_are_read() -> None:
    wanted = ListProducts.model_validate(
        {"category": "Office", "min_price": "10", "in_stock": "true", "sort": "price_asc"}
    )
    assert (wanted.category, wanted.min_price, wanted.in_stock) == ("office", 10, True)
    assert wanted.sort == "price_asc"
