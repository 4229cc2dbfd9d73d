"""The whole way from an order to a notification."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

from tests.e2e.aws import invoke, log_lines, rule_event
from tests.e2e.shop import Shop
from tests.waiting import eventually

CONSUMERS = ("tidings-inventory", "tidings-orders", "tidings-notifications")


EXPLAIN = """query($id: ID!) { explainOrder(id: $id) {
  complete
  events { type eventId notifications { notificationId channels { channel status reason } } }
  steps { code function eventId correlationId }
} }"""


def mail_outcome(shop: Shop, order_id: str) -> tuple[str, str | None] | None:
    """Return the status of the mail about an order's confirmation, and the reason."""
    events = shop.graphql(EXPLAIN, id=order_id)["explainOrder"]["events"]
    told = [each for event in events for each in event["notifications"]]
    outcomes = [each for one in told for each in one["channels"] if each["channel"] == "email"]
    return (outcomes[0]["status"], outcomes[0]["reason"]) if outcomes else None


def about(shop: Shop, order_id: str) -> list[str]:
    """Return the kinds of the notifications about an order."""
    return [each["kind"] for each in shop.inbox_about(order_id)]


def daily_about(shop: Shop, order_id: str) -> list[str]:
    """Return the notifications that the daily rule sent about an order."""
    return [
        each["title"]
        for each in shop.notifications()
        if (each["subjectId"], each["kind"]) == (order_id, "order.status_update")
    ]


def test_order_is_confirmed_and_its_customer_notified_once(admin: Shop, customer: Shop) -> None:
    product_id = admin.create_product(stock=3)

    order_id = customer.place_order(product_id, quantity=2)

    told = eventually(lambda: about(customer, order_id))
    assert told == ["order.confirmed"]
    assert customer.order_state(order_id) == "CONFIRMED"
    assert customer.stock_of(product_id) == 1


def test_changed_language_is_that_of_the_next_notification(admin: Shop, shop: Shop) -> None:
    """The functions keep a copy of the customer since the first order."""
    ada = shop.register()
    product_id = admin.create_product(stock=9)

    def title_after_an_order() -> str:
        order_id = ada.place_order(product_id)
        eventually(lambda: about(ada, order_id))
        return str(next(each["title"] for each in ada.inbox_about(order_id)))

    assert title_after_an_order() == "Your order is confirmed"
    wanted = {"language": "de"}
    answer = ada.rest("PUT", f"/users/{ada.user_id}/preferences", wanted)
    assert answer.status_code == 200, answer.text
    assert title_after_an_order() == "Ihre Bestellung ist bestätigt"


def test_order_over_the_stock_is_rejected_and_takes_nothing(admin: Shop, customer: Shop) -> None:
    product_id = admin.create_product(stock=3)

    order_id = customer.place_order(product_id, quantity=4)

    told = eventually(lambda: about(customer, order_id))
    assert told == ["order.rejected"]
    assert customer.order_state(order_id) == "REJECTED"
    assert customer.stock_of(product_id) == 3


def test_fifty_orders_at_once_for_the_last_ten_pieces_confirm_ten(
    admin: Shop, customer: Shop
) -> None:
    product_id = admin.create_product(stock=10)

    with ThreadPoolExecutor(50) as together:
        orders = list(together.map(lambda _: customer.place_order(product_id), range(50)))

    eventually(lambda: len(customer.inbox_about(*orders)) >= 50)
    states = [customer.order_state(order_id) for order_id in orders]
    assert states.count("CONFIRMED") == 10
    assert states.count("REJECTED") == 40
    assert customer.stock_of(product_id) == 0
    about = [each["subjectId"] for each in customer.inbox_about(*orders)]
    assert sorted(about) == sorted(orders)


def test_correlation_id_is_passed_from_the_header_to_the_last_consumer(
    admin: Shop, customer: Shop
) -> None:
    product_id, correlation = admin.create_product(stock=1), f"e2e-{uuid4()}"
    began = datetime.now(UTC)

    order_id = customer.place_order(product_id, correlation=correlation)

    eventually(lambda: about(customer, order_id))
    assert {each["correlationId"] for each in customer.inbox_about(order_id)} == {correlation}
    for function in ("tidings-gateway", *CONSUMERS):
        found = partial(log_lines, function, began, correlation_id=correlation)
        eventually(found, what=function)


def test_operator_finds_out_why_a_customer_got_no_mail(admin: Shop, customer: Shop) -> None:
    order_id = customer.place_order(admin.create_product(stock=1))

    outcome = eventually(lambda: mail_outcome(admin, order_id))

    # The account's address is not verified.
    assert outcome == ("suppressed", "address_not_verified")
    found = admin.graphql(EXPLAIN, id=order_id)["explainOrder"]
    (placed, confirmed) = found["events"]
    assert [placed["type"], confirmed["type"]] == ["order.placed", "order.confirmed"]
    assert len({each["correlationId"] for each in found["steps"]}) == 1
    steps = {each["code"]: each["function"] for each in found["steps"]}
    assert steps["order.confirmed"] == "orders"
    twin = admin.rest("GET", f"/orders/{order_id}/explanation").json()["data"]
    assert [each["code"] for each in twin["steps"]] == [each["code"] for each in found["steps"]]
    assert customer.rest("GET", f"/orders/{order_id}/explanation").status_code == 403


def test_daily_rule_notifies_once_a_day_of_an_open_order(admin: Shop, customer: Shop) -> None:
    order_id = customer.place_order(admin.create_product(stock=1))
    eventually(lambda: about(customer, order_id))
    rule = rule_event()

    first = invoke("tidings-daily-order-status", rule)
    again = invoke("tidings-daily-order-status", rule)

    assert first["orders_announced"] >= 1
    assert again == {"done_before": 1}
    told = eventually(lambda: daily_about(customer, order_id))
    assert len(told) == 1
