"""From orders and views to recommendations, through every queue of the running stack."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.aws import invoke
from tests.e2e.shop import PLACE_ORDER, Shop
from tests.waiting import eventually

RECOMMENDED = """{ getUserRecommendations(first: 10) { computedAt items {
  product { id } reason { code text productId } } } }"""
BROWSE = "mutation($i: LogBrowseInput!) { logBrowse(input: $i) { accepted } }"
ACTIVITY = "{ getUserActivity(first: 10) { nodes { kind orderId items { productId } } } }"


def orders(customer: Shop, *product_ids: str) -> None:
    items = [{"productId": each, "quantity": 1} for each in product_ids]
    customer.graphql(PLACE_ORDER, i={"items": items})


def recommended(customer: Shop) -> dict[str, str]:
    """Return the reason of each recommended product."""
    found = customer.graphql(RECOMMENDED)["getUserRecommendations"]["items"]
    return {each["product"]["id"]: each["reason"]["code"] for each in found}


def computed_at(customer: Shop) -> Any:
    return customer.graphql(RECOMMENDED)["getUserRecommendations"]["computedAt"]


def told_of(customer: Shop) -> list[Any]:
    found = customer.notifications()
    return [each for each in found if each["kind"] == "recommendation.generated"]


def test_orders_of_others_become_recommendations_and_a_morning_notification(
    admin: Shop, customer: Shop
) -> None:
    tent, bag, mat = (admin.create_product(stock=20) for _ in range(3))
    others = [customer.register("Bob") for _ in range(3)]
    for each in others:
        orders(each, tent, bag, mat)
    eventually(lambda: all(map(computed_at, others)), what="the others' lists")
    orders(customer, tent)
    eventually(lambda: computed_at(customer), what="a list")

    reasons = recommended(customer)
    assert (reasons[bag], reasons[mat]) == ("BECAUSE_BOUGHT", "BECAUSE_BOUGHT")
    assert tent not in reasons

    scheduled = {"id": "e2e-recommendations", "time": datetime.now(UTC).isoformat()}
    assert invoke("tidings-compute-recommendations", scheduled)["chunks_asked_for"] >= 1
    assert invoke("tidings-compute-recommendations", scheduled) == {"done_before": 1}
    eventually(lambda: told_of(customer), what="a notification")
    (told,) = told_of(customer)
    assert "Because you bought Fountain pen" in told["body"]


def test_views_are_stored_by_the_rule_and_become_activity(admin: Shop, customer: Shop) -> None:
    product_id = admin.create_product(stock=1)
    views = [{"productId": product_id}] * 3
    assert customer.graphql(BROWSE, i={"views": views})["logBrowse"]["accepted"] == 1

    later = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()
    invoke("tidings-store-browsing", {"id": "e2e-looks", "time": later})

    def nodes() -> Any:
        return customer.graphql(ACTIVITY)["getUserActivity"]["nodes"]

    eventually(nodes, what="the look")
    expected = {"kind": "BROWSED", "orderId": None, "items": [{"productId": product_id}]}
    assert nodes() == [expected]
    eventually(lambda: recommended(customer).get(product_id) == "LOOKED_AT", what="a list")
