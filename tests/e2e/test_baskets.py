"""A customer fills a basket on one device, and orders it on another one."""

from tests.e2e.aws import invoke, rule_event
from tests.e2e.shop import Shop
from tests.waiting import eventually

BASKET = "{ getBasket { state lines { title quantity } total { amount currency } } }"
ORDER = "mutation($i: OrderBasketInput!) { orderBasket(input: $i) { id } }"


def test_basket_of_one_device_is_ordered_on_another(
    shop: Shop, admin: Shop, customer: Shop
) -> None:
    product = admin.create_product(stock=5, amount=990)
    assert customer.rest("GET", "/basket").json()["data"]["lines"] == []
    put = customer.rest("PUT", f"/basket/{product}", {"quantity": 2})
    assert put.status_code == 200, put.text
    basket = customer.graphql(BASKET)["getBasket"]
    assert basket["lines"] == [{"title": "Fountain pen", "quantity": 2}]
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
