"""Lists of a price range read about as many products as they show."""

from typing import Any

from tests.integration.builders import a_product
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id
from tidings.products.catalogue import ORDERS, matching, prepare
from tidings.products.fields import ProductSort
from tidings.products.models import Product
from tidings.products.queries import get_products
from tidings.products.schemas import ProductFilter, ProductView

PRODUCTS = 2_000
PAGE = 20
MOST_READ = 3 * PAGE
EVERY = PageRequest.model_validate({"limit": 100})


def listed(sort: ProductSort = ProductSort.NEWEST, **wanted: Any) -> list[ProductView]:
    return get_products(EVERY, ProductFilter.model_validate(wanted), sort).items


def many_products() -> None:
    """Store products with prices from 100 to 100,000 in every order of ids and titles."""
    stored = Product.objects.get(pk=a_product().id)
    made = []
    for number in range(PRODUCTS):
        mixed = number * 7919 % PRODUCTS
        stored.id, stored.sku, stored.title = new_id(), f"MANY-{number}", f"Pen {mixed * 31 % 997}"
        stored.price = 100 + mixed * 50
        stored.categories = ["pens"] if number % 5 == 0 else ["ink", "paper"]
        made.append(prepare(stored).to_mongo().to_dict())
    Product._get_collection().insert_many(made)


def number_read(sort: ProductSort, **wanted: Any) -> int:
    """Return the number of products that the database reads for a page."""
    query = matching(ProductFilter.model_validate(wanted), None, sort)
    page = query.order_by(*ORDERS[sort].keys()).limit(PAGE + 1)
    return int(page._cursor.explain()["executionStats"]["totalDocsExamined"])


def test_page_of_a_price_range_reads_few_products() -> None:
    many_products()
    for sort in ProductSort:
        for wanted in ({"min_price": 20_000, "max_price": 30_000}, {"min_price": 90_000}):
            assert number_read(sort, **wanted) <= MOST_READ, (sort, wanted)
            assert number_read(sort, **wanted, category="pens") <= MOST_READ, (sort, wanted)


def test_range_has_both_its_ends_in_each_order() -> None:
    prices = [0, 999, 1_000, 1_500, 2_000, 2_001, 10**15]
    for price in prices:
        a_product(price=price)
    for sort in ProductSort:
        found = {each.price.amount for each in listed(sort, min_price=1_000, max_price=2_000)}
        assert found == {1_000, 1_500, 2_000}
    assert {each.price.amount for each in listed(max_price=0)} == {0}
    assert {each.price.amount for each in listed(min_price=2_001)} == {2_001, 10**15}


def test_range_and_currency_within_a_category() -> None:
    for category, currency, price in (
        ("pens", "EUR", 1_500),
        ("pens", "USD", 1_600),
        ("pens", "EUR", 2_500),
        ("ink", "EUR", 1_500),
    ):
        a_product(price=price, currency=currency, categories=["sale", category])
    for sort in ProductSort:
        found = listed(sort, category="pens", min_price=1_000, max_price=2_000)
        assert {each.price.amount for each in found} == {1_500, 1_600}
        found = listed(sort, category="pens", currency="EUR")
        assert {each.price.amount for each in found} == {1_500, 2_500}
        found = listed(sort, category="sale", currency="EUR", max_price=2_000)
        assert [each.categories[-1] for each in found if each.price.amount == 1_500]
        assert len(found) == 2


def test_pages_of_a_price_range_return_all_of_it() -> None:
    expected = {a_product(price=price).sku for price in range(1_000, 2_000, 100)}
    a_product(price=2_500)
    for sort in ProductSort:
        found, after = list[str](), None
        while True:
            page = PageRequest.model_validate({"limit": 3, "after": after})
            part = get_products(
                page, ProductFilter.model_validate({"min_price": 900, "max_price": 2_200}), sort
            )
            found += [each.sku for each in part.items]
            if not part.has_next:
                break
            after = part.cursors[-1]
        assert (sorted(found), part.total) == (sorted(expected), len(expected))


def test_prices_of_several_currencies_are_sorted_by_currency() -> None:
    for currency, price in (("USD", 1_500), ("EUR", 1_700), ("JPY", 1_400), ("EUR", 900)):
        a_product(price=price, currency=currency)
    for sort, expected in (
        (ProductSort.PRICE_ASC, [1_700, 1_400, 1_500]),
        (ProductSort.PRICE_DESC, [1_500, 1_400, 1_700]),
    ):
        found = listed(sort, min_price=1_000, max_price=2_000)
        assert [each.price.amount for each in found] == expected


def test_products_of_an_earlier_release_are_found() -> None:
    old = a_product(price=1_500, currency="EUR")
    Product._get_collection().update_one({"_id": old.id}, {"$unset": {"price_groups": ""}})
    assert [each.sku for each in listed(min_price=1_000, max_price=2_000)] == [old.sku]
    assert [each.sku for each in listed(currency="EUR")] == [old.sku]


def test_changed_price_moves_to_its_range() -> None:
    product = Product.objects.get(pk=a_product(price=1_500, currency="EUR").id)
    product.price, product.currency = 9_000, "USD"
    prepare(product).save()
    assert listed(max_price=2_000) == listed(currency="EUR") == []
    assert [each.id for each in listed(min_price=8_000, currency="USD")] == [product.id]
