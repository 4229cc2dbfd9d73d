"""Tests of activity and recommendations by the API, and of their cost."""

from typing import Any

import pytest

from tests.integration.builders import a_product
from tests.integration.gateway.in_process import InProcessApi
from tests.integration.recommendations.builders import a_customer, buys, learn_all
from tidings.platform.timing.clock import now
from tidings.products.schemas import ProductView
from tidings.recommendations.activity import store_all_buffered_views
from tidings.recommendations.list_cache import LISTS, POPULAR_LIST
from tidings.recommendations.models import Activity

RECOMMENDED = """query($userId: ID, $first: Int) {
  getUserRecommendations(userId: $userId, first: $first) { computedAt items {
    score product { id title stock }
    reason { code text productId productTitle category } } } }"""
ACTIVITY = """query($first: Int, $after: String) { getUserActivity(first: $first, after: $after) {
  totalCount pageInfo { hasNextPage endCursor }
  nodes { kind orderId items { productId quantity product { title } } } } }"""
WRITES = {"insert", "update", "delete", "findAndModify"}


@pytest.fixture
def products() -> list[ProductView]:
    made = [a_product(title=title, categories=["camping"]) for title in ("Tent", "Bag", "Mat")]
    for _ in range(3):
        buys(a_customer(), *made)
    learn_all()
    return made


def purchase(client: InProcessApi, *products: ProductView, **more: Any) -> Any:
    items = [{"productId": each.id} for each in products]
    return client.graphql(
        "mutation($input: LogPurchaseInput!) { logPurchase(input: $input) { id kind orderId } }",
        input={"items": items} | more,
    )


def test_logged_purchase_leads_to_recommendations_with_reasons(
    customer: InProcessApi, products: list[ProductView]
) -> None:
    noted = purchase(customer, products[0], orderId="till/1")["data"]["logPurchase"]
    learn_all()
    (best, *_) = customer.graphql(RECOMMENDED, first=1)["data"]["getUserRecommendations"]["items"]
    assert (noted["kind"], noted["orderId"]) == ("PURCHASED", "till/1")
    assert best["reason"] == {
        "code": "BECAUSE_BOUGHT",
        "text": "Because you bought Tent",
        "productId": products[0].id,
        "productTitle": "Tent",
        "category": None,
    }


def test_rest_has_the_same_data(customer: InProcessApi, products: list[ProductView]) -> None:
    body = {"items": [{"product_id": products[0].id, "quantity": 2}]}
    assert customer.rest("POST", "/users/me/purchase", body).status == 201
    learn_all()
    data = customer.rest("GET", "/recommendations/me?limit=2").json["data"]
    assert [each["reason"]["code"] for each in data["items"]] == ["because_bought"] * 2
    assert data["computed_at"]
    (activity,) = customer.rest("GET", "/users/me/activity").json["data"]
    assert activity["items"][0]["quantity"] == 2


def test_recommendations_need_one_command_and_then_none(
    customer: InProcessApi, products: list[ProductView], commands: list[str]
) -> None:
    purchase(customer, products[0])
    learn_all()
    customer.graphql("{ getProducts { nodes { id } } }")  # as on every start page
    commands.clear()

    first = customer.graphql(RECOMMENDED, first=10)
    assert commands == ["find"]
    commands.clear()
    assert customer.graphql(RECOMMENDED, first=10) == first
    assert commands == []
    assert len(first["data"]["getUserRecommendations"]["items"]) == 2


def test_recommendations_of_a_new_person_need_as_few(
    customer: InProcessApi,
    other_customer: InProcessApi,
    products: list[ProductView],
    commands: list[str],
) -> None:
    newcomers = customer.graphql(RECOMMENDED)["data"]["getUserRecommendations"]
    assert newcomers["computedAt"] is None
    assert {each["reason"]["text"] for each in newcomers["items"]} == {"Popular in camping"}
    commands.clear()
    other_customer.graphql(RECOMMENDED)
    assert commands == ["find"]


def test_recommendations_follow_the_persons_activity(
    customer: InProcessApi, products: list[ProductView]
) -> None:
    customer.graphql(RECOMMENDED)
    purchase(customer, *products[:2])
    learn_all()
    titles = [
        each["product"]["title"]
        for each in customer.graphql(RECOMMENDED)["data"]["getUserRecommendations"]["items"]
    ]
    assert titles == ["Mat"]


def test_without_redis_recommendations_are_slower_and_the_same(
    customer: InProcessApi, products: list[ProductView], monkeypatch: pytest.MonkeyPatch
) -> None:
    purchase(customer, products[0])
    learn_all()
    expected = customer.graphql(RECOMMENDED)
    for cache in (LISTS, POPULAR_LIST):
        monkeypatch.setattr(cache, "_ask", lambda *_, **__: None)
    assert customer.graphql(RECOMMENDED) == expected


def test_many_views_need_few_writes(customer: InProcessApi, commands: list[str]) -> None:
    products = [a_product() for _ in range(40)]
    commands.clear()
    for number in range(1_000):
        body = {"views": [{"product_id": products[number % 40].id}]}
        assert customer.rest("POST", "/users/me/browse", body).status == 202
    written_by_requests = sum(name in WRITES for name in commands)
    store_all_buffered_views(now().replace(year=now().year + 1))
    learn_all()

    # One document for the batch and its sums: about ten writes for 1,000 views.
    assert written_by_requests == 0
    assert Activity.objects.count() == 1
    assert sum(name in WRITES for name in commands) <= 12


def test_batch_of_views_is_one_event(customer: InProcessApi) -> None:
    views = [{"productId": a_product().id} for _ in range(60)]
    answer = customer.graphql(
        "mutation($input: LogBrowseInput!) { logBrowse(input: $input) { accepted } }",
        input={"views": views},
    )
    assert answer["data"]["logBrowse"]["accepted"] == 60
    (activity,) = Activity.objects  # more than 50: stored at once
    assert len(activity.items) == 60


def test_activity_is_paginated_newest_first(
    customer: InProcessApi, products: list[ProductView]
) -> None:
    for number in range(3):
        purchase(customer, products[number], orderId=f"till/{number}")
    first = customer.graphql(ACTIVITY, first=2)["data"]["getUserActivity"]
    rest = customer.graphql(ACTIVITY, first=2, after=first["pageInfo"]["endCursor"])
    nodes = [*first["nodes"], *rest["data"]["getUserActivity"]["nodes"]]
    assert [each["orderId"] for each in nodes] == ["till/2", "till/1", "till/0"]
    assert nodes[0]["items"][0]["product"] == {"title": "Mat"}
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)


def test_operator_reads_a_persons_recommendations(
    customer: InProcessApi, operator: InProcessApi, products: list[ProductView]
) -> None:
    purchase(customer, products[0])
    learn_all()
    seen = operator.graphql(RECOMMENDED, userId=customer.user_id)
    assert seen == customer.graphql(RECOMMENDED)


BAD = [
    ({"items": []}, 400, "items"),
    ({"items": [{"product_id": "f" * 24}]}, 422, "items"),
    ({"items": [{"product_id": {"$gt": ""}}]}, 400, "items.0.product_id"),
    ({"items": [{"product_id": "f" * 24, "quantity": 0}]}, 400, "items.0.quantity"),
    ({"items": [{"product_id": "f" * 24}] * 101}, 400, "items"),
    ({"items": [{"product_id": "f" * 24}], "purchased_at": 12}, 400, "purchased_at"),
    (
        {"items": [{"product_id": "f" * 24}], "purchased_at": "2099-01-01T00:00:00Z"},
        422,
        "purchased_at",
    ),
    ({"items": [{"product_id": "f" * 24}], "order_id": "a b"}, 400, "order_id"),
]


@pytest.mark.parametrize(("body", "status", "field"), BAD)
def test_invalid_purchase_is_refused(
    body: dict[str, Any], status: int, field: str, customer: InProcessApi
) -> None:
    answer = customer.rest("POST", "/users/me/purchase", body)
    assert answer.status == status
    details = answer.json["error"]["details"]
    assert field in str(details)
    assert Activity.objects.count() == 0


@pytest.mark.parametrize(
    ("views", "status"),
    [
        ([], 400),
        ([{"product_id": "nothing"}], 400),
        ([{"product_id": "f" * 24, "viewed_at": "2099-01-01T00:00:00Z"}], 422),
        ([{"product_id": "f" * 24}] * 101, 400),
    ],
)
def test_invalid_views_are_refused(views: list[Any], status: int, customer: InProcessApi) -> None:
    assert customer.rest("POST", "/users/me/browse", {"views": views}).status == status
