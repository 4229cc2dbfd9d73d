"""A customer fills a basket on one device, and orders it on another one."""

from uuid import uuid4

from tests.e2e.aws import invoke, rule_event
from tests.e2e.shop import CREATE_PRODUCT, Shop
from tests.waiting import eventually

BASKET = "{ getBasket { state lines { title quantity } total { amount currency } } }"
ORDER = "mutation($i: OrderBasketInput!) { orderBasket(input: $i) { id } }"


def test_basket_of_one_device_is_ordered_on_another(
    shop: Shop, admin: Shop, customer: Shop
) -> None:
    described = {
        "sku": f"MUG-{uuid4().hex[:12]}",
        "title": "Blue mug",
        "price": {"amount": 990, "currency": "EUR"},
        "stock": 5,
    }
    product = admin.graphql(CREATE_PRODUCT, i=described)["createProduct"]["id"]
    assert customer.rest("GET", "/basket").json()["data"]["lines"] == []
    put = customer.rest("PUT", f"/basket/{product}", {"quantity": 2})
    assert put.status_code == 200, put.text
    basket = customer.graphql(BASKET)["getBasket"]
    assert basket["lines"] == [{"title": "Blue mug", "quantity": 2}]
    assert basket["total"] == {"amount": 1980, "currency": "EUR"}
    # The basket was filled just now, so the job sends no reminder.
    invoke("tidings-remind-of-baskets", rule_event())

    order = customer.graphql(ORDER, i={"state": basket["state"]})["orderBasket"]["id"]
    again = customer.rest("POST", "/basket/order", {"state": basket["state"]})
    assert (again.status_code, again.json()["data"]["id"]) == (201, order)
    assert customer.rest("GET", "/basket").json()["data"]["state"] is None
    eventually(
        lambda: customer.rest("GET", f"/orders/{order}").json()["data"]["state"] == "confirmed",
        what="the confirmation of the order",
    )
