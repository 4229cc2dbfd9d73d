from typing import Any

import pytest
from pydantic import ValidationError

from tidings.orders.errors import RepeatedProduct
from tidings.orders.schemas import PlaceOrder

PRODUCT = "6b0152a6f6b097fd8ed20a9a"
ANOTHER = "6b0152a6f6b097fd8ed20a9b"


def item(product_id: Any = PRODUCT, quantity: Any = 1, **more: Any) -> dict[str, Any]:
    return {"product_id": product_id, "quantity": quantity} | more


def test_several_products_are_accepted() -> None:
    wanted = PlaceOrder.model_validate({"items": [item(), item(ANOTHER, 3)]})
    assert [(i.product_id, i.quantity) for i in wanted.items] == [(PRODUCT, 1), (ANOTHER, 3)]


@pytest.mark.parametrize(
    "items",
    [
        [],
        None,
        [item(f"{n:024x}") for n in range(101)],
        [item("")],
        [item("x" * 24)],
        [item(PRODUCT.upper())],
        [item(PRODUCT + "\n")],
        [item({"$gt": ""})],
        [item(quantity=0)],
        [item(quantity=-1)],
        [item(quantity=10_001)],
        [item(quantity="2")],
        [item(quantity=1.5)],
        [item(quantity=True)],
        [item(unit_price=1)],
    ],
    ids=lambda items: ascii(items)[:60],
)
def test_invalid_items_are_refused(items: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        PlaceOrder.model_validate({"items": items})
    assert all(error["loc"][:1] in {("items",), ()} for error in refused.value.errors())


def test_repeated_product_is_refused_by_rule() -> None:
    with pytest.raises(RepeatedProduct):
        PlaceOrder.model_validate({"items": [item(), item()]})


def test_customer_and_price_are_not_accepted_from_the_customer() -> None:
    for extra in ("customer_id", "total", "state"):
        with pytest.raises(ValidationError, match=extra):
            PlaceOrder.model_validate({"items": [item()], extra: "x"})
