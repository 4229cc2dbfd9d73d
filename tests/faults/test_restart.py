"""`make down` and `make up`: the data is kept, and the stack works again."""

from tests.e2e.shop import Shop
from tests.faults.stack import down, repair
from tests.waiting import eventually


def test_data_is_kept_after_down_and_up(shop: Shop, admin: Shop) -> None:
    customer = shop.register()
    order_id = customer.place_order(admin.create_product(stock=1))
    eventually(lambda: customer.inbox_about(order_id))

    down()
    repair()

    assert customer.order_state(order_id) == "CONFIRMED"
    assert [each["kind"] for each in customer.inbox_about(order_id)] == ["order.confirmed"]
    another = customer.place_order(admin.create_product(stock=1))
    eventually(lambda: customer.inbox_about(another))
