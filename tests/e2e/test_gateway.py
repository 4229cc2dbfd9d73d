"""Tests of the deployed gateway: nested fields, limits, persisted queries, GraphiQL."""

import hashlib
import json
from typing import Any
from uuid import uuid4

from bootstrap import ROOT
from tests.e2e.shop import PASSWORD, Shop
from tests.waiting import eventually

JSON = {"Accept": "application/json"}


def test_orders_include_products_and_customer(admin: Shop, customer: Shop) -> None:
    products = [admin.create_product(stock=5) for _ in range(2)]
    placed = [customer.place_order(each) for each in products]

    me = customer.graphql(
        "{ me { id orders(first: 10) { totalCount nodes { id customer { id }"
        " items { product { id title } } } } } }"
    )["me"]

    assert me["orders"]["totalCount"] == 2
    assert [each["id"] for each in me["orders"]["nodes"]] == placed[::-1]
    assert {each["customer"]["id"] for each in me["orders"]["nodes"]} == {me["id"]}
    found = [item["product"]["id"] for each in me["orders"]["nodes"] for item in each["items"]]
    assert found == products[::-1]


def test_another_account_cannot_be_read(customer: Shop, shop: Shop, admin: Shop) -> None:
    stranger = shop.register("Mallory")
    query = "query($id: ID!) { getUser(id: $id) { email } }"

    refused = stranger.try_graphql(query, id=customer.user_id)

    assert refused["data"] is None
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert admin.graphql(query, id=customer.user_id)["getUser"]["email"]


def test_pages_of_pages_are_too_complex(customer: Shop) -> None:
    query = (
        "{ me { orders(first: 100) { nodes { customer { orders(first: 100) { nodes {"
        " items { sku } } } } } } } }"
    )
    (error,) = customer.try_graphql(query)["errors"]
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"


def test_persisted_document_is_sent_once(shop: Shop) -> None:
    query = f"query Q{uuid4().hex} {{ __typename }}"
    digest = hashlib.sha256(query.encode()).hexdigest()
    named = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}
    address = f"{shop.api_url}/graphql"

    first = shop.http.post(address, json=named, headers=JSON).json()
    sent = shop.http.post(address, json=named | {"query": query}, headers=JSON).json()
    again = shop.http.post(address, json=named, headers=JSON).json()

    assert first["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert sent == again == {"data": {"__typename": "Query"}}


def by_hash(shop: Shop, name: str, **variables: Any) -> Any:
    """Run an operation of the manifest by its hash alone."""
    manifest = json.loads((ROOT / "gateway/persisted_operations.json").read_text())
    (digest,) = (each["id"] for each in manifest["operations"] if each["name"] == name)
    body: dict[str, Any] = {
        "variables": variables,
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}},
    }
    headers = JSON | ({"Authorization": f"Bearer {shop.token}"} if shop.token else {})
    answer = shop.http.post(f"{shop.api_url}/graphql", json=body, headers=headers).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def test_order_by_persisted_operations_alone(admin: Shop, shop: Shop) -> None:
    product_id = admin.create_product(stock=1)
    email = f"ada-{uuid4().hex}@example.com"
    by_hash(shop, "SignUp", input={"email": email, "password": PASSWORD, "name": "Ada"})
    session = by_hash(shop, "SignIn", input={"email": email, "password": PASSWORD})["login"]
    ada = Shop(shop.api_url, shop.http, session["accessToken"])
    found = by_hash(shop, "Catalogue", first=100)["getProducts"]["nodes"]
    assert product_id in [each["id"] for each in found]

    wanted = {"items": [{"productId": product_id, "quantity": 1}]}
    placed = by_hash(ada, "PlaceOrder", input=wanted, idempotencyKey=uuid4().hex)["placeOrder"]

    def told() -> list[str]:
        inbox = by_hash(ada, "Inbox", unreadOnly=True)["getUserNotifications"]["nodes"]
        return [each["title"] for each in inbox if each["subjectId"] == placed["id"]]

    assert eventually(told, what=placed["id"]) == ["Your order is confirmed"]
    assert by_hash(ada, "Order", id=placed["id"])["getOrder"]["state"] == "CONFIRMED"


def test_browser_gets_graphiql_under_a_strict_policy(shop: Shop) -> None:
    answer = shop.http.get(f"{shop.api_url}/graphql", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
