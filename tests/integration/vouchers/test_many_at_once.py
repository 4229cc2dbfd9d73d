"""A voucher is used as often as it allows, whatever happens at the same time."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from mongoengine import NotUniqueError
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError

from tests.integration.builders import a_person, a_product, at_once
from tests.integration.vouchers.builders import (
    a_voucher,
    an_edit,
    as_it_is,
    order_with,
    uses_of,
)
from tidings.orders import announcements, vouchers
from tidings.orders.models import Order
from tidings.orders.operations import cancel_order
from tidings.orders.schemas import CancelOrder
from tidings.platform.errors import TidingsError
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.security.auth import Principal
from tidings.platform.timing.clock import new_id, now
from tidings.products.schemas import ProductView
from tidings.vouchers.errors import VoucherUsedByYou, VoucherUsedUp
from tidings.vouchers.redeeming import Offer
from tidings.vouchers.schemas import VoucherView

USES, ORDERS = 50, 200
# 200 threads give the same result, and spend a minute of CPU time on refused writes.
AT_ONCE = 12
MAX_REPEATS = 20


def attempt(voucher: VoucherView, product: ProductView, customer: Principal) -> str:
    """Place an order; return the outcome.

    On a busy machine the others may take longer than a request may wait. A client gets 503 then,
    and repeats the order with the same key.
    """
    key = new_id()
    for _ in range(MAX_REPEATS):
        try:
            order_with(voucher.code, product, customer=customer, key=key)
        except TidingsError as error:
            return type(error).__name__
        except PyMongoError as error:
            if not error.timeout:
                raise
        else:
            return "placed"
    return "no answer"


def test_of_200_orders_50_have_a_voucher_with_50_uses() -> None:
    voucher, product = a_voucher(amount=100, total_limit=USES), a_product(price=990)
    customers = [a_person() for _ in range(ORDERS)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        outcomes = Counter(threads.map(partial(attempt, voucher, product), customers))
    assert outcomes == {"placed": USES, VoucherUsedUp.__name__: ORDERS - USES}
    assert Order.objects(voucher_id=voucher.id, total=890).count() == USES
    assert Order.objects.count() == USES
    assert uses_of(voucher) == (USES, USES * 100)


def test_of_orders_at_once_of_one_customer_as_many_as_allowed_are_placed() -> None:
    voucher, product, ada = a_voucher(customer_limit=2), a_product(), a_person()
    outcomes = Counter(at_once([partial(attempt, voucher, product, ada)] * 16))
    assert outcomes == {"placed": 2, VoucherUsedByYou.__name__: 14}
    assert uses_of(voucher)[0] == Order.objects.count() == 2


def test_repeated_requests_at_once_take_one_use() -> None:
    voucher, product, ada = a_voucher(total_limit=1), a_product(), a_person()
    calls = [partial(order_with, voucher.code, product, customer=ada, key="key-1")] * 16
    assert len({each.id for each in at_once(calls)}) == 1
    assert uses_of(voucher)[0] == Order.objects.count() == 1


def test_voucher_that_ends_while_orders_come_has_as_many_uses_as_orders() -> None:
    voucher, product = a_voucher(), a_product()
    calls: list[Callable[[], str]] = [
        partial(attempt, voucher, product, a_person()) for _ in range(12)
    ]

    def end() -> str:
        return an_edit(voucher, ended=True).state.value

    outcomes = Counter(at_once([*calls[:6], end, *calls[6:]]))
    assert as_it_is(voucher).state == "ended"
    assert outcomes["placed"] == uses_of(voucher)[0] == Order.objects.count()
    assert attempt(voucher, product, a_person()) == "VoucherEnded"


def test_orders_and_returns_at_once_keep_the_counts_right() -> None:
    voucher, product, ada = a_voucher(total_limit=4, customer_limit=None), a_product(), a_person()
    orders = [order_with(voucher.code, product, customer=ada) for _ in range(4)]
    for each in orders:
        cancel_order(each.id, CancelOrder(), caller=ada)
    take_stored()

    def give_back(order_id: str) -> str:
        return "returned" if vouchers.return_voucher(order_id) else "returned before"

    calls: list[Callable[[], str]] = [
        partial(give_back, each.id) for each in orders for _ in range(2)
    ]
    calls += [partial(attempt, voucher, product, a_person()) for _ in range(8)]
    outcomes = Counter(at_once(calls))
    assert outcomes["returned"] == outcomes["returned before"] == 4
    assert uses_of(voucher)[0] == outcomes["placed"] <= 4
    assert Order.objects(voucher_id=voucher.id, state="placed").count() == outcomes["placed"]


def test_order_that_an_index_refuses_takes_no_use() -> None:
    """A request that looked for its key before a faster one stored its order."""
    voucher, product, ada = a_voucher(customer_limit=None), a_product(), a_person()
    first = order_with(voucher.code, product, customer=ada, key="key-1")
    slower = Order.objects.get(pk=first.id)
    slower.id, slower.total, slower.discount = new_id(), slower.subtotal, None
    with pytest.raises(NotUniqueError):
        vouchers.insert_with(voucher.code, slower, lambda: announcements.placed(slower), now())
    assert uses_of(voucher)[0] == Order.objects.count() == 1


def test_request_that_dies_after_its_use_is_counted_takes_no_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    voucher, product = a_voucher(), a_product()

    def die(_: str, __: Offer, session: ClientSession | None = None) -> None:
        if session is not None:
            raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(vouchers, "_check_uses_of_customer", die)
        with pytest.raises(SystemExit):
            order_with(voucher.code, product)
    assert uses_of(voucher) == (0, 0)
    assert Order.objects.count() == 0
    assert order_with(voucher.code, product).discount.amount == 99
