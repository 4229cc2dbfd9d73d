"""The voucher of an order that falls through is given back, once."""

import importlib

import pytest

from tests.integration.builders import CONTEXT, Queues, a_person, a_product
from tests.integration.vouchers.builders import a_voucher, order_with, uses_of, wanted
from tidings.orders.decisions import confirm_order, decide_together, reject_order
from tidings.orders.models import Order
from tidings.orders.operations import cancel_order, place_order, update_order_status
from tidings.orders.schemas import CancelOrder, OrderView, UpdateOrderStatus
from tidings.orders.settling import GIVE_UP_AFTER, settle_orders
from tidings.orders.steps import SETTLE_AFTER
from tidings.orders.vouchers import return_voucher
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.security.auth import Role
from tidings.platform.timing.clock import new_id, now
from tidings.products.events import InventoryRejected, InventoryRejectedData
from tidings.vouchers.schemas import VoucherView

OPERATOR = a_person(Role.OPERATOR)


def work_off(queues: Queues, *, times: int = 1) -> int:
    """Publish all events, and give back the vouchers of the orders that fell through."""
    publish_stored()
    messages = queues.take_all("vouchers") * times
    if messages:
        handler = importlib.import_module("orders.return_vouchers").handler
        handler(queues.event_of("vouchers", messages), CONTEXT)
    return len(messages)


def an_order_with(voucher: VoucherView) -> OrderView:
    return order_with(voucher.code, a_product(price=990))


def cancel(order: OrderView) -> None:
    cancel_order(order.id, CancelOrder(), caller=OPERATOR)


def reject_with_others(order: OrderView) -> None:
    data = InventoryRejectedData(order_id=order.id, reason="sold out")
    assert decide_together([InventoryRejected(subject=order.id, data=data)]) == []


def cancel_by_status(order: OrderView) -> None:
    wanted = UpdateOrderStatus.model_validate({"state": "cancelled"})
    update_order_status(order.id, wanted, caller=OPERATOR)


def give_up(order: OrderView) -> None:
    """Settle the order twice: the first time publishes its event again."""
    first = now() + SETTLE_AFTER
    for at in (first, first + GIVE_UP_AFTER):
        settle_orders(at)


ENDS = {
    "rejected": lambda order: reject_order(order.id, reason="sold out"),
    "rejected with others": reject_with_others,
    "cancelled": cancel,
    "cancelled by its status": cancel_by_status,
    "cancelled, because its stock was never decided": give_up,
}


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("name", ENDS)
def test_voucher_is_given_back_once(name: str, times: int, queues: Queues) -> None:
    voucher = a_voucher(amount=100, total_limit=1, customer_limit=1)
    order = an_order_with(voucher)
    ENDS[name](order)
    assert uses_of(voucher) == (1, 100)
    work_off(queues, times=times)
    assert uses_of(voucher) == (0, 0)
    assert an_order_with(voucher).discount.amount == 100


def test_customer_can_use_a_returned_voucher_again(queues: Queues) -> None:
    voucher, ada = a_voucher(), a_person()
    cancel(order_with(voucher.code, a_product(), customer=ada))
    work_off(queues)
    assert order_with(voucher.code, a_product(), customer=ada).discount.amount == 99


def test_order_keeps_its_sums_when_its_voucher_is_returned(queues: Queues) -> None:
    order = an_order_with(a_voucher(amount=100))
    cancel(order)
    work_off(queues)
    found = Order.objects.get(pk=order.id)
    assert (found.total, found.discount, found.voucher_returned_at is not None) == (890, 100, True)


def test_orders_without_a_voucher_need_no_database_command(
    queues: Queues, commands: list[str]
) -> None:
    order = place_order(wanted(a_product(), None), caller=a_person())
    cancel(order)
    publish_stored()
    (message,) = queues.take("vouchers", 1)
    handler = importlib.import_module("orders.return_vouchers").handler
    commands.clear()
    handler(queues.event_of("vouchers", [message]), CONTEXT)
    assert commands == []


def test_voucher_of_a_confirmed_order_is_not_given_back() -> None:
    voucher = a_voucher()
    order = an_order_with(voucher)
    confirm_order(order.id)
    assert not return_voucher(order.id)
    assert uses_of(voucher)[0] == 1


def test_unknown_order_is_retried() -> None:
    with pytest.raises(LookupError):
        return_voucher(new_id())
