"""The catalogue by GraphQL and REST in this process, with the real services."""

import importlib
import json
from typing import Any

import pytest

from tests.integration.builders import CONTEXT, a_person, a_product, graphql, stock_of, token_of
from tests.unit.platform.builders import api_event
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id
from tidings.products.models import Product, StockMovement

pytestmark = pytest.mark.usefixtures("keys")

OPERATOR, CUSTOMER = a_person(Role.OPERATOR), a_person()
FIELDS = """id sku title description price { amount currency } attributes categories images
  stock state version createdAt updatedAt"""
CREATE = f"mutation($i: CreateProductInput!) {{ createProduct(input: $i) {{ {FIELDS} }} }}"
GET = f"query($id: ID!) {{ getProduct(id: $id) {{ {FIELDS} }} }}"
UPDATE = f"""mutation($id: ID!, $i: UpdateProductInput!) {{
  updateProduct(id: $id, input: $i) {{ {FIELDS} }}
}}"""
ADJUST = "mutation($id: ID!, $i: AdjustStockInput!) { adjustStock(id: $id, input: $i) { stock } }"
HISTORY = """query($id: ID!) { getStockHistory(productId: $id) {
  totalCount nodes { id productId kind change stockAfter reason actorId orderId createdAt }
} }"""
LIST = """query($filter: ProductFilterInput, $sort: ProductSort, $after: String) {
  getProducts(filter: $filter, sort: $sort, first: 2, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { title }
  }
}"""


def ask(query: str, caller: Principal | None = None, **variables: Any) -> Any:
    """Return the only field of an answer without errors."""
    answer = graphql(query, token=token_of(caller) if caller else None, **variables)
    assert "errors" not in answer.content, answer.content
    return next(iter(answer.content["data"].values()))


def refusal(query: str, caller: Principal | None = None, **variables: Any) -> dict[str, Any]:
    answer = graphql(query, token=token_of(caller) if caller else None, **variables)
    extensions: dict[str, Any] = answer.errors[0]["extensions"]
    return extensions


def call(
    function: str,
    body: object = None,
    *,
    caller: Principal | None = None,
    query: dict[str, str] | None = None,
    product_id: str | None = None,
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token_of(caller)}"} if caller else {}
    path = {"product_id": product_id} if product_id else None
    event = api_event(body, headers=headers, pathParameters=path, queryStringParameters=query)
    response = importlib.import_module(f"products.{function}").handler(event, CONTEXT)
    return response["statusCode"], json.loads(response["body"])


# ---------------------------------------------------------------------- graphql


def test_product_is_created_with_all_fields() -> None:
    described = {
        "sku": "pen-1",
        "title": "Pen",
        "price": {"amount": 990, "currency": "EUR"},
        "attributes": {"colour": "blue"},
        "categories": ["Office"],
        "images": ["https://example.com/pen.jpg"],
        "stock": 3,
        "state": "DRAFT",
    }
    made = ask(CREATE, a_person(Role.ADMIN), i=described)
    assert (made["sku"], made["state"], made["version"]) == ("PEN-1", "DRAFT", 1)
    assert (made["attributes"], made["categories"]) == ({"colour": "blue"}, ["office"])
    assert ask(GET, OPERATOR, id=made["id"]) == made
    assert refusal(GET, CUSTOMER, id=made["id"])["code"] == "NOT_FOUND"


def test_attributes_can_be_literals_in_the_document() -> None:
    document = """mutation { createProduct(input: {sku: "A", title: "Pen", state: ACTIVE,
      price: {amount: 1, currency: "EUR"}, attributes: {colour: "blue"}}) { attributes state } }"""
    made = ask(document, a_person(Role.ADMIN))
    assert made == {"attributes": {"colour": "blue"}, "state": "ACTIVE"}


def test_update_names_its_version() -> None:
    product = a_product()
    changed = ask(UPDATE, OPERATOR, id=product.id, i={"version": 1, "title": "Cup"})
    assert (changed["title"], changed["version"]) == ("Cup", 2)
    stale = refusal(UPDATE, OPERATOR, id=product.id, i={"version": 1, "title": "Jug"})
    assert stale == {"code": "CONFLICT", "field": "version"}
    assert Product.objects.get(pk=product.id).title == "Cup"


def test_stock_is_adjusted_and_announced() -> None:
    product = a_product(stock=3)
    reason = {"change": -2, "reason": "broken"}
    assert ask(ADJUST, OPERATOR, id=product.id, i=reason) == {"stock": 1}
    assert refusal(ADJUST, OPERATOR, id=product.id, i=reason)["field"] == "change"
    history = ask(HISTORY, OPERATOR, id=product.id)
    (moved,) = history["nodes"]
    assert (moved["kind"], moved["change"], moved["stockAfter"]) == ("ADJUSTED", -2, 1)
    assert (moved["actorId"], moved["orderId"]) == (OPERATOR.user_id, None)


def test_adjustment_of_zero_adds_no_movement() -> None:
    product = a_product(stock=3)
    nothing = {"change": 0, "reason": "counted again"}
    said = {"code": "BAD_USER_INPUT", "field": "change"}
    assert refusal(ADJUST, OPERATOR, id=product.id, i=nothing) == said
    status, envelope = call("adjust_stock", nothing, caller=OPERATOR, product_id=product.id)
    assert (status, envelope["error"]["details"][0]["field"]) == (400, "change")
    assert StockMovement.objects.count() == 0


def test_list_accepts_filter_order_and_cursor() -> None:
    for title, amount in (("a", 3), ("b", 1), ("c", 2), ("d", 9)):
        a_product(title=title, price=amount)
    wanted = {"maxPrice": 5, "currency": "EUR", "inStock": True}
    first = ask(LIST, filter=wanted, sort="PRICE_ASC")
    second = ask(LIST, filter=wanted, sort="PRICE_ASC", after=first["pageInfo"]["endCursor"])
    nodes = first["nodes"] + second["nodes"]
    assert [each["title"] for each in nodes] == ["b", "c", "a"]
    assert (first["totalCount"], second["pageInfo"]["hasNextPage"]) == (3, False)


@pytest.mark.parametrize("caller", [None, CUSTOMER], ids=["stranger", "customer"])
def test_operations_of_operators_are_refused_to_others(
    caller: Principal | None,
) -> None:
    product = a_product(stock=3)
    code = "FORBIDDEN" if caller else "UNAUTHENTICATED"
    update = {"version": 1, "title": "Cup"}
    assert refusal(UPDATE, caller, id=product.id, i=update)["code"] == code
    assert refusal(ADJUST, caller, id=product.id, i={"change": 1, "reason": "x"})["code"] == code
    assert refusal(HISTORY, caller, id=product.id)["code"] == code
    assert refusal(LIST, caller, filter={"state": "DRAFT"}) == {
        "code": "FORBIDDEN",
        "field": "state",
    }
    assert (stock_of(product), StockMovement.objects.count()) == (3, 0)
    assert Product.objects.get(pk=product.id).version == 1


@pytest.mark.parametrize(
    ("filter", "field"),
    [
        ({"category": "a b"}, "category"),
        ({"minPrice": -1}, "minPrice"),
        ({"currency": "XXX"}, "currency"),
        ({"search": "x" * 101}, "search"),
    ],
    ids=str,
)
def test_invalid_filter_is_refused_by_its_field(filter: dict[str, Any], field: str) -> None:
    assert refusal(LIST, filter=filter) == {"code": "BAD_USER_INPUT", "field": field}


# ------------------------------------------------------------------------- rest


def test_rest_has_the_same_data() -> None:
    product = a_product(stock=3, categories=["office"])
    status, envelope = call("get_product", product_id=product.id)
    assert (status, envelope["data"]) == (200, product.model_dump(mode="json"))
    change = {"version": 1, "price": {"amount": 5, "currency": "EUR"}}
    status, envelope = call("update_product", change, caller=OPERATOR, product_id=product.id)
    assert (status, envelope["data"]["version"]) == (200, 2)
    status, envelope = call("update_product", change, caller=OPERATOR, product_id=product.id)
    assert (status, envelope["error"]["code"]) == (409, "CONFLICT")
    adjustment = {"change": -3, "reason": "sold at the fair"}
    status, envelope = call("adjust_stock", adjustment, caller=OPERATOR, product_id=product.id)
    assert (status, envelope["data"]["stock"]) == (200, 0)
    status, envelope = call("adjust_stock", adjustment, caller=OPERATOR, product_id=product.id)
    assert (status, envelope["error"]["details"][0]["field"]) == (422, "change")
    status, envelope = call("get_stock_history", caller=OPERATOR, product_id=product.id)
    assert (status, envelope["meta"]["total"]) == (200, 1)
    assert envelope["data"][0]["reason"] == "sold at the fair"


def test_rest_list_is_filtered_by_the_query_string() -> None:
    for title, amount in (("a", 3), ("b", 1), ("c", 2)):
        a_product(title=title, price=amount, categories=["office"])
    query = {"category": "office", "sort": "price_desc", "limit": "2", "in_stock": "true"}
    status, envelope = call("get_products", query=query)
    assert (status, [each["title"] for each in envelope["data"]]) == (200, ["a", "c"])
    after = {"after": envelope["meta"]["next_cursor"]}
    _, envelope = call("get_products", query=query | after)
    assert [each["title"] for each in envelope["data"]] == ["b"]
    status, _ = call("get_products", query=after | {"sort": "title"})
    assert status == 422


@pytest.mark.parametrize("function", ["update_product", "adjust_stock", "get_stock_history"])
def test_unknown_product_is_not_found(function: str) -> None:
    body = {"update_product": {"version": 1}, "adjust_stock": {"change": 1, "reason": "x"}}
    for product_id in (new_id(), "x", '{"$gt": ""}', "ä" * 500):
        status, _ = call(function, body.get(function), caller=OPERATOR, product_id=product_id)
        assert status == 404


def test_drafts_are_refused_to_anonymous_callers() -> None:
    draft = a_product(state="draft")
    assert call("get_product", product_id=draft.id)[0] == 404
    status, envelope = call("get_products", query={"state": "draft"})
    assert (status, envelope["data"]) == (403, None)
