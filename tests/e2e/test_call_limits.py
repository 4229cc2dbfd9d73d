"""Each answer tells its caller how many calls are left, by HTTPS, for REST and GraphQL alike."""

import re

import httpx

from tests.e2e.shop import Shop

PRODUCTS = "{ getProducts(first: 20) { nodes { id } } }"
DEAR = "{" + " ".join(f"p{n}: {PRODUCTS[1:-1].replace('20', '100')}" for n in range(25)) + "}"


def left(answer: httpx.Response, kind: str) -> int:
    """Return the number of calls that are left."""
    assert re.fullmatch(rf'"{kind}";q=\d+;w=60', answer.headers["RateLimit-Policy"])
    told = re.fullmatch(rf'"{kind}";r=(\d+);t=\d+', answer.headers["RateLimit"])
    assert told, answer.headers["RateLimit"]
    return int(told[1])


def test_rest_and_graphql_count_together_and_a_dear_document_for_more(shop: Shop) -> None:
    ada = shop.register()
    headers = {"Authorization": f"Bearer {ada.token}"}

    def ask(query: str) -> httpx.Response:
        return ada.http.post(f"{ada.api_url}/graphql", json={"query": query}, headers=headers)

    first = left(ada.http.get(f"{ada.api_url}/api/v1/products", headers=headers), "customer")
    assert left(ask(PRODUCTS), "customer") == first - 1
    dear = ask(DEAR)
    assert "errors" not in dear.json()
    assert left(dear, "customer") == first - 3


def test_a_stranger_is_told_the_limit_of_the_address(shop: Shop) -> None:
    assert left(shop.http.get(f"{shop.api_url}/api/v1/products"), "anonymous") > 0
    refused = shop.http.get(f"{shop.api_url}/api/v1/orders")
    assert refused.status_code == 401
    assert left(refused, "anonymous") > 0
