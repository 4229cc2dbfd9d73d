import pytest

from tests.integration.builders import a_person, a_product, at_once
from tidings.platform.security.auth import Role
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id
from tidings.products.errors import SkuTaken
from tidings.products.models import Product
from tidings.products.operations import create_product
from tidings.products.queries import get_products, get_products_by_id
from tidings.products.schemas import CreateProduct, ProductView


def with_sku(sku: str) -> CreateProduct:
    price = {"amount": 1, "currency": "EUR"}
    return CreateProduct.model_validate({"sku": sku, "title": "Mug", "price": price})


def page(**request: object) -> PageRequest:
    return PageRequest.model_validate(request)


def test_product_is_in_the_catalogue() -> None:
    product = a_product(stock=3, price=990)
    (listed,) = get_products(page()).items
    assert listed == product
    assert (listed.stock, listed.price.amount) == (3, 990)


def test_sku_is_unique_in_any_case() -> None:
    first = create_product(with_sku("mug-1"), caller=a_person(Role.ADMIN))
    with pytest.raises(SkuTaken) as refused:
        create_product(with_sku("MUG-1"), caller=a_person(Role.ADMIN))
    assert refused.value.field == "sku"
    assert [each.id for each in Product.objects] == [first.id]


def test_concurrent_creations_of_one_sku_make_one_product() -> None:
    def create() -> ProductView | None:
        try:
            return create_product(with_sku("mug-2"), caller=a_person(Role.ADMIN))
        except SkuTaken:
            return None

    assert sum(each is not None for each in at_once([create] * 8)) == 1
    assert Product.objects.count() == 1


def test_newest_is_first_page_by_page() -> None:
    products = [a_product() for _ in range(5)]
    newest_first = [each.id for each in reversed(products)]
    first = get_products(page(limit=2))
    second = get_products(page(limit=2, after=first.cursors[-1]))
    third = get_products(page(limit=2, page=3))
    listed = [each.id for part in (first, second, third) for each in part.items]
    assert listed == newest_first
    assert (first.total, third.has_next) == (5, False)


def test_products_are_found_by_id_with_one_command() -> None:
    mug, cup = a_product(), a_product()
    found = get_products_by_id([mug.id, new_id(), cup.id])
    assert found == {mug.id: mug, cup.id: cup}
