"""A product is changed at the version that the client read, or not at all."""

from functools import partial
from typing import Any

import pytest

from tests.integration.builders import a_person, a_product, at_once
from tests.integration.products.announced import announced, announced_events
from tidings.platform.security.auth import Role
from tidings.platform.timing.clock import new_id
from tidings.products.errors import ImpossibleState, ProductNotFound, StaleVersion
from tidings.products.models import Product
from tidings.products.operations import update_product
from tidings.products.schemas import ProductView, UpdateProduct

EVERYTHING: dict[str, Any] = {
    "title": "Cup",
    "description": "Holds tea.",
    "price": {"amount": 1500, "currency": "USD"},
    "attributes": {"colour": "blue"},
    "categories": ["kitchen"],
    "images": ["https://example.com/cup.jpg"],
    "state": "retired",
}


def update(product: ProductView, version: int | None = None, **changes: Any) -> ProductView:
    wanted = {"version": version or product.version, **changes}
    return update_product(
        product.id, UpdateProduct.model_validate(wanted), caller=a_person(Role.OPERATOR)
    )


def stored(product: ProductView) -> Product:
    found: Product = Product.objects.get(pk=product.id)
    return found


def test_all_fields_can_be_changed_at_once() -> None:
    product = a_product(stock=4)
    changed = update(product, **EVERYTHING)
    dumped = changed.model_dump(mode="json")
    assert {name: dumped[name] for name in EVERYTHING} == EVERYTHING
    assert (changed.version, changed.sku, changed.stock) == (2, product.sku, 4)
    assert changed.updated_at > product.updated_at


@pytest.mark.parametrize("name", sorted(EVERYTHING))
def test_one_field_can_be_changed_alone(name: str) -> None:
    product = a_product()
    changed = update(product, **{name: EVERYTHING[name]})
    differing = {
        field
        for field in ProductView.model_fields
        if getattr(changed, field) != getattr(product, field)
    }
    assert differing == {name, "version", "updated_at"}


@pytest.mark.parametrize("name", ["attributes", "categories", "images", "description"])
def test_optional_fields_can_be_cleared(name: str) -> None:
    given = set(EVERYTHING) - {"state", "price"}
    product = a_product(**{each: EVERYTHING[each] for each in given})
    empty: Any = {"attributes": {}, "description": ""}.get(name, [])
    assert getattr(update(product, **{name: empty}), name) == empty
    assert getattr(update(product, 2, title="Jug"), name) == empty


@pytest.mark.parametrize("changes", [{}, {"title": None}, {"title": "Mug"}], ids=str)
def test_update_without_changes_keeps_the_version(changes: dict[str, Any]) -> None:
    product = a_product()
    assert update(product, **changes) == product
    assert stored(product).version == 1


@pytest.mark.parametrize("version", [1, 3])
def test_other_version_is_a_conflict_and_changes_nothing(version: int) -> None:
    product = a_product()
    update(product, title="Cup")
    announced()
    with pytest.raises(StaleVersion, match="version is now 2") as refused:
        update(product, version, title="Jug", price={"amount": 1, "currency": "EUR"})
    assert (refused.value.code, refused.value.field) == ("CONFLICT", "version")
    assert (stored(product).title, stored(product).price) == ("Cup", 990)
    assert announced() == []


def test_of_ten_changes_at_once_one_wins() -> None:
    product = a_product(price=990)

    def change(amount: int) -> int | None:
        try:
            return update(product, price={"amount": amount, "currency": "EUR"}).price.amount
        except StaleVersion:
            return None

    won = [each for each in at_once([partial(change, 100 + n) for n in range(10)]) if each]
    assert won == [stored(product).price]
    assert stored(product).version == 2
    assert len(stored(product).outbox) == 1


def test_stock_movement_does_not_change_the_version() -> None:
    product = a_product(stock=3)
    Product.objects(pk=product.id).update_one(inc__stock=-1)
    assert update(product, title="Cup").stock == 2


def test_unknown_product_is_not_found() -> None:
    with pytest.raises(ProductNotFound):
        update_product(
            new_id(), UpdateProduct.model_validate({"version": 1}), caller=a_person(Role.OPERATOR)
        )


def test_lower_price_is_announced_once() -> None:
    product = a_product(price=1490, title="Pen")
    update(product, price={"amount": 1250, "currency": "EUR"})
    (event,) = announced_events()
    assert event["type"] == "product.price_dropped"
    assert event["data"] == {
        "product_id": product.id,
        "sku": product.sku,
        "title": "Pen",
        "old_price": 1490,
        "new_price": 1250,
        "currency": "EUR",
    }
    update(product, 2, title="Pencil")
    assert "product.price_dropped" not in announced()[1:]


@pytest.mark.parametrize(
    ("state", "price"),
    [
        ("active", {"amount": 991, "currency": "EUR"}),
        ("active", {"amount": 990, "currency": "EUR"}),
        ("active", {"amount": 500, "currency": "USD"}),
        ("draft", {"amount": 500, "currency": "EUR"}),
    ],
    ids=str,
)
def test_no_price_drop_is_announced_without_one(state: str, price: dict[str, Any]) -> None:
    product = a_product(price=990, state=state)
    update(product, price=price)
    assert announced() == []


@pytest.mark.parametrize(
    ("before", "after"), [("draft", "active"), ("retired", "active"), ("active", "retired")]
)
def test_price_of_an_unpublished_product_is_no_price_drop(before: str, after: str) -> None:
    product = a_product(price=990, state=before)
    update(product, price={"amount": 500, "currency": "EUR"}, state=after)
    assert announced() == []


@pytest.mark.parametrize(
    ("before", "after"),
    [("draft", "active"), ("draft", "retired"), ("active", "retired"), ("retired", "active")],
)
def test_allowed_changes_of_state(before: str, after: str) -> None:
    assert update(a_product(state=before), state=after).state == after


@pytest.mark.parametrize(("before", "after"), [("active", "draft"), ("retired", "draft")])
def test_product_that_was_on_sale_cannot_become_a_draft(before: str, after: str) -> None:
    product = a_product(state=before)
    with pytest.raises(ImpossibleState):
        update(product, state=after, title="Cup")
    assert (stored(product).state, stored(product).title) == (before, "Mug")
