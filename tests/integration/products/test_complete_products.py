"""Products of the first version appear in the lists after the next import."""

from tests.integration.builders import a_product
from tidings.platform.storage.pagination import PageRequest
from tidings.products.completing import complete_products
from tidings.products.importing import ImportProducts, import_products
from tidings.products.models import Product
from tidings.products.queries import get_products
from tidings.products.schemas import ProductView

FIRST = PageRequest.model_validate({})
YOUNGER = (
    *("state", "version", "price_key", "title_key", "words", "updated_at"),
    "keys_version",
)


def an_old_product() -> ProductView:
    product = a_product(title="Pen")
    old = {"$unset": dict.fromkeys(YOUNGER, "")}
    Product._get_collection().update_one({"_id": product.id}, old)
    return product


def test_old_product_is_on_sale_and_found() -> None:
    old = an_old_product()
    assert get_products(FIRST).items == []
    assert complete_products() == 1
    (found,) = get_products(FIRST).items
    assert (found.id, found.title, found.state, found.version) == (old.id, "Pen", "active", 1)
    assert "pen" in Product.objects.get(pk=old.id).words


def test_repeated_and_concurrent_completion_changes_nothing_more() -> None:
    an_old_product()
    draft = a_product(state="draft")
    assert [complete_products(), complete_products()] == [1, 0]
    assert Product.objects.get(pk=draft.id).state == "draft"


def test_keys_of_an_earlier_version_are_replaced() -> None:
    product = a_product(title="दूध पाउडर", state="draft")
    stored = Product.objects.get(pk=product.id)
    earlier = {"$set": {"words": ["द", "ध"], "title_key": "x"}, "$unset": {"keys_version": ""}}
    Product._get_collection().update_one({"_id": product.id}, earlier)
    assert [complete_products(), complete_products()] == [1, 0]
    again = Product.objects.get(pk=product.id)
    assert (again.words, again.title_key) == (stored.words, stored.title_key)
    assert (again.state, again.version, again.updated_at) == ("draft", 1, stored.updated_at)


def test_import_completes_old_products() -> None:
    an_old_product()
    table = {"columns": ["sku", "title", "price", "currency"], "rows": []}
    import_products(ImportProducts.model_validate(table))
    assert len(get_products(FIRST).items) == 1
