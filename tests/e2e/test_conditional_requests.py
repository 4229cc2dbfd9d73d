"""A client that has an answer already does not get it again, by HTTPS."""

from typing import Any

import httpx
import pytest

from tests.e2e.shop import Shop


def ask(shop: Shop, path: str, tag: str | None = None, **parameters: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {shop.token}"} if shop.token else {}
    if tag:
        headers["If-None-Match"] = tag
    return shop.http.get(f"{shop.api_url}{path}", params=parameters, headers=headers)


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/api/v1/products/{product}", {}),
        ("/graphql", {"query": "query { getProduct(id: \"{product}\") { title } }"}),
        ("/api/v1/openapi.json", {}),
        ("/shop", {}),
        ("/shop/shop.js", {}),
    ],
)  # fmt: skip
def test_unchanged_answer_is_not_sent_again(
    path: str, parameters: dict[str, str], shop: Shop, admin: Shop
) -> None:
    product_id = admin.create_product(stock=1)
    place = path.replace("{product}", product_id)
    query = {name: text.replace("{product}", product_id) for name, text in parameters.items()}
    first = ask(shop, place, **query)
    assert first.status_code == 200, first.text
    assert first.content
    again = ask(shop, place, first.headers["ETag"], **query)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]


def test_answer_of_a_person_changes_its_tag(shop: Shop) -> None:
    ada = shop.register()
    path = f"/api/v1/users/{ada.user_id}"
    tag = ask(ada, path).headers["ETag"]
    assert ask(ada, path, tag).status_code == 304
    assert ada.rest("PATCH", f"/users/{ada.user_id}", {"name": "Grace"}).status_code == 200
    changed = ask(ada, path, tag)
    assert changed.json()["data"]["name"] == "Grace"
    # A tag shows nothing to others: the caller's rights are checked first.
    assert ask(shop, path, changed.headers["ETag"]).status_code == 401
