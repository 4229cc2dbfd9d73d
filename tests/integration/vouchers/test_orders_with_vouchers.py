"""An order with a voucher costs less; an order that cannot have its voucher is refused."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.builders import a_person, a_product, a_reader, a_redis_that_is_away
from tests.integration.vouchers.builders import (
    OPERATOR,
    a_voucher,
    an_edit,
    order_with,
    preview_with,
    uses_of,
    wanted,
)
from tidings.orders.models import Order
from tidings.orders.operations import place_order, preview_order
from tidings.orders.queries import get_order, get_orders
from tidings.orders.schemas import OrderFilter
from tidings.platform.errors import RateLimited
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.security import store
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id, now
from tidings.vouchers.errors import (
    VoucherEnded,
    VoucherExpired,
    VoucherMinimum,
    VoucherOtherCurrency,
    VoucherRefused,
    VoucherTooEarly,
    VoucherUnknown,
    VoucherUsedByYou,
    VoucherUsedUp,
)
from tidings.vouchers.queries import codes_for
from tidings.vouchers.redeeming import UNKNOWN_CODES
from tidings.vouchers.schemas import VoucherView

Case = Callable[[], VoucherView]


def data_of(order_id: str) -> dict[str, Any]:
    (entry,) = Order.objects.get(pk=order_id).outbox
    data: dict[str, Any] = json.loads(entry.body)["data"]
    return data


def test_order_costs_less_by_the_discount() -> None:
    voucher, customer = a_voucher(percent="10"), a_person()
    order = order_with(voucher.code.lower(), a_product(price=999), customer=customer, quantity=2)
    assert (order.subtotal.amount, order.discount.amount, order.total.amount) == (1998, 200, 1798)
    assert {order.subtotal.currency, order.discount.currency} == {"EUR"}
    assert (order.voucher_code, order.voucher_id) == (voucher.code, voucher.id)
    assert get_order(order.id, caller=customer) == order
    assert uses_of(voucher) == (1, 200)


def test_order_without_a_voucher_has_no_discount() -> None:
    order = place_order(wanted(a_product(price=999), None), caller=a_person())
    assert (order.subtotal.amount, order.discount.amount, order.total.amount) == (999, 0, 999)
    assert (order.voucher_code, order.voucher_id) == (None, None)
    (stored,) = Order._get_collection().find()
    assert not stored.keys() & {"voucher_id", "voucher_code", "discount"}


def test_price_never_falls_below_zero() -> None:
    voucher = a_voucher(amount=5_000)
    order = order_with(voucher.code, a_product(price=990))
    assert (order.discount.amount, order.total.amount) == (990, 0)
    assert uses_of(voucher) == (1, 990)


def test_event_carries_the_voucher() -> None:
    voucher = a_voucher(amount=100)
    data = data_of(order_with(voucher.code, a_product(price=990)).id)
    assert (data["voucher_code"], data["discount"]) == (voucher.code, 100)
    assert (data["total"], data["currency"]) == (890, "EUR")


def test_preview_has_the_sums_of_the_order_and_stores_nothing() -> None:
    voucher, product, customer = a_voucher(), a_product(price=990), a_person()
    found = preview_with(voucher.code, product, customer=customer, quantity=3)
    assert Order.objects.count() == 0
    assert uses_of(voucher) == (0, 0)
    order = order_with(voucher.code, product, customer=customer, quantity=3)
    assert (found.items, found.subtotal, found.discount, found.total, found.voucher_code) == (
        *(order.items, order.subtotal, order.discount, order.total, order.voucher_code),
    )


def test_preview_without_a_voucher_has_the_sum() -> None:
    found = preview_order(wanted(a_product(price=990), None, 2), caller=a_person())
    assert (found.subtotal.amount, found.discount.amount, found.total.amount) == (1980, 0, 1980)


def used_up() -> VoucherView:
    voucher = a_voucher(total_limit=1)
    order_with(voucher.code, a_product())
    return voucher


REFUSED: dict[str, tuple[Case, type[VoucherRefused], str]] = {
    "early": (
        lambda: a_voucher(valid_from="2099-03-01T10:00:00Z"),
        VoucherTooEarly,
        "from 2099-03-01 10:00 UTC",
    ),
    "late": (
        lambda: a_voucher(valid_until="2020-03-01T10:00:00Z"),
        VoucherExpired,
        "until 2020-03-01 10:00 UTC",
    ),
    "ended": (lambda: an_edit(a_voucher(), ended=True), VoucherEnded, "no longer valid"),
    "used up": (used_up, VoucherUsedUp, "used up"),
    "currency": (lambda: a_voucher(currency="USD"), VoucherOtherCurrency, "in USD"),
    "minimum": (lambda: a_voucher(minimum=991), VoucherMinimum, "at least 9.91 EUR"),
    "a campaign's": (lambda: a_voucher(reach="campaign"), VoucherUnknown, "no voucher"),
    "another's": (
        lambda: a_voucher(reach="customer", customer_id=a_reader().user_id),
        VoucherUnknown,
        "no voucher",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_order_that_cannot_have_the_voucher_is_refused(name: str) -> None:
    make, error, told = REFUSED[name]
    voucher, product = make(), a_product(price=990)
    uses, placed = uses_of(voucher), Order.objects.count()
    take_stored()
    for attempt in (order_with, preview_with):
        with pytest.raises(error, match=told) as refused:
            attempt(voucher.code, product)
        assert refused.value.field == "voucher_code"
    assert (uses_of(voucher), Order.objects.count()) == (uses, placed)
    assert take_stored() == []


def test_unknown_code_and_anothers_code_have_the_same_answer() -> None:
    hers = a_voucher(reach="customer", customer_id=a_reader().user_id)
    messages = set()
    for code in (hers.code, "NOTHING"):
        with pytest.raises(VoucherUnknown) as refused:
            order_with(code, a_product())
        messages.add(str(refused.value))
    assert len(messages) == 1


def test_minimum_is_that_of_the_items() -> None:
    voucher = a_voucher(amount=500, minimum=990)
    assert order_with(voucher.code, a_product(price=990)).total.amount == 490


def test_period_includes_its_begin_and_excludes_its_end() -> None:
    begin = now() + timedelta(days=1)
    end = begin + timedelta(days=1)
    voucher, product = a_voucher(valid_from=begin, valid_until=end), a_product()

    def at(moment: Any) -> int:
        found = preview_order(wanted(product, voucher.code), caller=a_person(), at=moment)
        return found.discount.amount

    assert at(begin) > 0
    assert at(end - timedelta(milliseconds=1)) > 0
    with pytest.raises(VoucherTooEarly):
        at(begin - timedelta(milliseconds=1))
    with pytest.raises(VoucherExpired):
        at(end)


def test_customer_has_a_limit_of_their_own() -> None:
    voucher, product, ada = a_voucher(customer_limit=2), a_product(), a_person()
    for _ in range(2):
        order_with(voucher.code, product, customer=ada)
    for attempt in (order_with, preview_with):
        with pytest.raises(VoucherUsedByYou, match="2 times"):
            attempt(voucher.code, product, customer=ada)
    order_with(voucher.code, product)
    assert uses_of(voucher)[0] == 3


def test_personal_voucher_works_for_its_customer_only() -> None:
    ada = a_reader()
    voucher = a_voucher(reach="customer", customer_id=ada.user_id, amount=500)
    assert order_with(voucher.code, a_product(), customer=ada).discount.amount == 500


def test_personal_code_of_a_campaign_works_for_its_person_only() -> None:
    voucher, ada, bob = a_voucher(reach="campaign"), a_person(), a_person()
    codes = codes_for(voucher.id, [ada.user_id, bob.user_id])
    order = order_with(codes[ada.user_id], a_product(), customer=ada)
    assert order.voucher_code == codes[ada.user_id]
    with pytest.raises(VoucherUnknown):
        order_with(codes[ada.user_id], a_product(), customer=bob)
    assert uses_of(voucher)[0] == 1


def test_repeated_order_takes_one_use() -> None:
    voucher, product, ada = a_voucher(total_limit=1), a_product(), a_person()
    first = order_with(voucher.code, product, customer=ada, key="key-1")
    assert order_with(voucher.code, product, customer=ada, key="key-1") == first
    assert uses_of(voucher)[0] == 1


def test_repeated_order_has_the_same_answer_after_the_voucher_ended() -> None:
    voucher, product, ada = a_voucher(), a_product(), a_person()
    first = order_with(voucher.code, product, customer=ada, key="key-1")
    an_edit(voucher, ended=True)
    assert order_with(voucher.code, product, customer=ada, key="key-1") == first


def test_customer_who_sends_many_unknown_codes_must_wait() -> None:
    voucher, product, ada = a_voucher(), a_product(), a_person()
    for _ in range(UNKNOWN_CODES.times):
        with pytest.raises(VoucherUnknown):
            preview_with(f"X-{new_id()}", product, customer=ada)
    for attempt in (order_with, preview_with):
        with pytest.raises(RateLimited):
            attempt(voucher.code, product, customer=ada)
    assert place_order(wanted(product, None), caller=ada).total.amount == 990
    assert order_with(voucher.code, product).total.amount < 990


def test_known_codes_are_not_counted() -> None:
    voucher, product, ada = a_voucher(), a_product(), a_person()
    for _ in range(UNKNOWN_CODES.times + 1):
        preview_with(voucher.code, product, customer=ada)


def test_orders_with_vouchers_are_placed_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    voucher, product = a_voucher(), a_product()
    monkeypatch.setattr(store, "client", a_redis_that_is_away)
    assert order_with(voucher.code, product).discount.amount == 99
    with pytest.raises(VoucherUnknown):
        order_with("NOTHING", product)


def test_operators_list_the_orders_of_a_voucher() -> None:
    voucher, product, ada = a_voucher(customer_limit=None), a_product(), a_person()
    orders = [order_with(voucher.code, product, customer=each) for each in (ada, a_person())]
    place_order(wanted(product, None), caller=ada)
    page, of_voucher = PageRequest.model_validate({}), OrderFilter(voucher_id=voucher.id)
    found = get_orders(page, of_voucher, caller=OPERATOR)
    assert [each.id for each in found.items] == [each.id for each in orders[::-1]]
    assert [each.id for each in get_orders(page, of_voucher, caller=ada).items] == [orders[0].id]
