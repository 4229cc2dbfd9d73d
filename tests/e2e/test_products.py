"""The catalogue for customers and operators, and the import of a file of products."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.aws import invoke
from tests.e2e.shop import Shop
from tests.waiting import eventually

PRODUCT = "id sku title state version stock categories attributes price { amount currency }"
GET = f"query($id: ID!) {{ getProduct(id: $id) {{ {PRODUCT} }} }}"
LIST = f"""query($filter: ProductFilterInput, $sort: ProductSort, $after: String) {{
  getProducts(filter: $filter, sort: $sort, first: 2, after: $after) {{
    totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {PRODUCT} }}
  }}
}}"""
UPDATE = f"""mutation($id: ID!, $i: UpdateProductInput!) {{
  updateProduct(id: $id, input: $i) {{ {PRODUCT} }}
}}"""
ADJUST = f"""mutation($id: ID!, $i: AdjustStockInput!) {{
  adjustStock(id: $id, input: $i) {{ {PRODUCT} }}
}}"""
HISTORY = """query($id: ID!) {
  getStockHistory(productId: $id) { nodes { kind change stockAfter reason orderId actorId } }
}"""


@pytest.fixture
def category() -> str:
    """Return a category that only one test uses."""
    return f"test-{uuid4().hex[:12]}"


def create(admin: Shop, category: str, **more: Any) -> dict[str, Any]:
    described = {
        "sku": f"SKU-{uuid4().hex[:12]}",
        "title": "Pen",
        "price": {"amount": 1000, "currency": "EUR"},
        "categories": [category],
        "stock": 5,
    }
    answer = admin.rest("POST", "/products", described | more)
    assert answer.status_code == 201, answer.text
    product: dict[str, Any] = answer.json()["data"]
    return product


def code_of(answer: dict[str, Any]) -> str:
    code: str = answer["errors"][0]["extensions"]["code"]
    return code


def test_drafts_are_for_operators_until_they_are_on_sale(
    shop: Shop, admin: Shop, customer: Shop, category: str
) -> None:
    draft = create(admin, category, state="draft")
    for person in (shop, customer):
        assert person.rest("GET", f"/products/{draft['id']}").status_code == 404
        assert code_of(person.try_graphql(GET, id=draft["id"])) == "NOT_FOUND"
        assert person.rest("GET", f"/products?category={category}").json()["data"] == []
        assert person.rest("GET", "/products?state=draft").status_code == 403
    order = {"items": [{"product_id": draft["id"], "quantity": 1}]}
    assert customer.rest("POST", "/orders", order).status_code == 422
    assert admin.graphql(GET, id=draft["id"])["getProduct"]["state"] == "DRAFT"

    published = admin.rest("PATCH", f"/products/{draft['id']}", {"version": 1, "state": "active"})

    assert published.status_code == 200
    for person in (shop, customer):
        assert person.graphql(GET, id=draft["id"])["getProduct"]["version"] == 2
        listed = person.rest("GET", f"/products?category={category}").json()["data"]
        assert [each["id"] for each in listed] == [draft["id"]]


def test_second_update_of_one_version_is_a_conflict(shop: Shop, admin: Shop, category: str) -> None:
    product = create(admin, category)
    change = {"version": 1, "price": {"amount": 900, "currency": "EUR"}}

    with ThreadPoolExecutor(8) as together:
        answers = list(
            together.map(lambda _: admin.try_graphql(UPDATE, id=product["id"], i=change), range(8))
        )

    assert sorted("errors" in each for each in answers) == [False] + [True] * 7
    assert {code_of(each) for each in answers if "errors" in each} == {"CONFLICT"}
    again = admin.rest("PATCH", f"/products/{product['id']}", change)
    assert again.status_code == 409
    assert shop.graphql(GET, id=product["id"])["getProduct"]["version"] == 2


def test_only_operators_change_products_and_stock(
    shop: Shop, admin: Shop, customer: Shop, category: str
) -> None:
    path = f"/products/{create(admin, category)['id']}"
    for person, status in ((shop, 401), (customer, 403)):
        assert person.rest("PATCH", path, {"version": 1, "title": "x"}).status_code == status
        adjustment = {"change": 1, "reason": "x"}
        assert person.rest("POST", f"{path}/stock", adjustment).status_code == status
        assert person.rest("GET", f"{path}/stock").status_code == status
    product = shop.rest("GET", path).json()["data"]
    assert (product["title"], product["stock"], product["version"]) == ("Pen", 5, 1)


def test_stock_has_a_history_of_counts_and_orders(
    admin: Shop, customer: Shop, category: str
) -> None:
    product = create(admin, category, stock=1)
    order_id = customer.place_order(product["id"])
    eventually(lambda: customer.order_state(order_id) == "CONFIRMED")

    adjusted = admin.graphql(ADJUST, id=product["id"], i={"change": 4, "reason": "delivery"})
    refused = admin.rest(
        "POST", f"/products/{product['id']}/stock", {"change": -5, "reason": "lost"}
    )

    assert adjusted["adjustStock"]["stock"] == 4
    assert refused.status_code == 422
    history = admin.graphql(HISTORY, id=product["id"])["getStockHistory"]["nodes"]
    assert [(each["kind"], each["change"], each["stockAfter"]) for each in history] == [
        ("ADJUSTED", 4, 4),
        ("RESERVED", -1, 0),
    ]
    assert (history[0]["reason"], history[0]["actorId"]) == ("delivery", admin.user_id)
    assert history[1]["orderId"] == order_id
    assert customer.graphql(GET, id=product["id"])["getProduct"]["stock"] == 4


def test_filter_order_search_and_pages_can_be_combined(
    shop: Shop, admin: Shop, category: str
) -> None:
    word = f"word{uuid4().hex[:8]}"
    for amount in (300, 100, 200):
        price = {"amount": amount, "currency": "EUR"}
        create(admin, category, price=price, title=f"Pen {word}")
    create(admin, category, price={"amount": 150, "currency": "EUR"}, stock=0)
    wanted = {"category": category, "inStock": True, "search": word.upper(), "maxPrice": 299}

    first = shop.graphql(LIST, filter=wanted | {"maxPrice": 300}, sort="PRICE_ASC")["getProducts"]
    after = first["pageInfo"]["endCursor"]
    second = shop.graphql(LIST, filter=wanted | {"maxPrice": 300}, sort="PRICE_ASC", after=after)[
        "getProducts"
    ]
    cheap = shop.rest("GET", f"/products?category={category}&search={word}&max_price=299")

    amounts = [each["price"]["amount"] for each in first["nodes"] + second["nodes"]]
    assert amounts == [100, 200, 300]
    assert (first["totalCount"], second["pageInfo"]["hasNextPage"]) == (3, False)
    assert cheap.json()["meta"]["total"] == 2


def test_query_operators_in_values_find_nothing_more(
    shop: Shop, admin: Shop, category: str
) -> None:
    draft = create(admin, category, state="draft")
    for query in ("category[$ne]=x", "state[$ne]=active", "search=.*", "after[$gt]="):
        listed = shop.rest("GET", f"/products?{query}&limit=100")
        assert listed.status_code in (200, 400)
        assert draft["id"] not in listed.text


def test_repeated_import_of_a_table_changes_nothing(shop: Shop, category: str) -> None:
    sku = f"IMP-{uuid4().hex[:12]}".upper()
    columns = ["sku", "title", "price", "currency", "categories", "stock"]
    rows = [
        {"row": 2, "cells": [sku, "Imported pen", "12.50", "EUR", category, "3"]},
        {"row": 3, "cells": ["", "Nameless", "1", "EUR", category, "3"]},
    ]

    first = invoke("tidings-import-products", {"columns": columns, "rows": rows})
    again = invoke("tidings-import-products", {"columns": columns, "rows": rows})

    assert (first["created"], again["unchanged"]) == (1, 1)
    assert [(each["row"], each["column"]) for each in first["refused"]] == [(3, "sku")]
    (listed,) = shop.rest("GET", f"/products?category={category}").json()["data"]
    assert (listed["sku"], listed["price"], listed["stock"]) == (
        sku,
        {"amount": 1250, "currency": "EUR"},
        3,
    )


def test_products_have_prices_beyond_32_bits(
    shop: Shop, admin: Shop, customer: Shop, category: str
) -> None:
    price = {"amount": 15_000_000_00, "currency": "IDR"}
    made = create(admin, category, price=price, stock=3)
    assert made["price"] == price

    items = [{"product_id": made["id"], "quantity": 3}]
    order = customer.rest("POST", "/orders", {"items": items}).json()["data"]

    assert order["total"] == {"amount": 45_000_000_00, "currency": "IDR"}
    listed = shop.rest("GET", f"/products?category={category}&min_price={price['amount']}")
    assert [each["id"] for each in listed.json()["data"]] == [made["id"]]
