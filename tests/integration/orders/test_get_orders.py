"""Lists of orders: a customer's own, all for operators, filtered and in pages."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo import monitoring
from pymongo.monitoring import CommandStartedEvent

from tests.integration.builders import a_person, a_product, an_order, an_order_in
from tidings.orders.models import Order
from tidings.orders.queries import CREATED_WITHIN, get_orders
from tidings.orders.schemas import OrderFilter, OrderView
from tidings.orders.states import OrderState
from tidings.platform.errors import Forbidden
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import Page, PageRequest
from tidings.platform.storage.sorting import UnknownCursor
from tidings.platform.timing.clock import first_id, now


class CommandCounter(monitoring.CommandListener):
    """Counts database commands while a test asks for it."""

    def __init__(self) -> None:
        self.sent: Counter[str] | None = None

    def started(self, event: CommandStartedEvent) -> None:
        if self.sent is not None:
            self.sent[event.command_name] += 1

    def succeeded(self, event: object) -> None:
        pass

    def failed(self, event: object) -> None:
        pass


# A client uses the listeners registered before its creation; the session's is created later.
COUNTER = CommandCounter()
monitoring.register(COUNTER)


@pytest.fixture
def commands() -> Iterator[Counter[str]]:
    COUNTER.sent = Counter()
    yield COUNTER.sent
    COUNTER.sent = None


def cut(**values: Any) -> PageRequest:
    return PageRequest.model_validate(values)


def listed(caller: Principal, *, page: PageRequest | None = None, **wanted: Any) -> Page[OrderView]:
    return get_orders(page or cut(), OrderFilter.model_validate(wanted), caller=caller)


def ids(page: Page[OrderView]) -> list[str]:
    return [each.id for each in page.items]


def an_order_at(at: datetime, customer: Principal) -> str:
    """Return the id of an order of that time."""
    orders = Order._get_collection()
    stored = orders.find_one_and_delete({"_id": an_order(customer=customer).id})
    assert stored is not None
    return str(orders.insert_one({**stored, "_id": first_id(at), "created_at": at}).inserted_id)


def thirty_orders(customer: Principal) -> list[str]:
    """Return their ids, newest first; each has five items."""
    products = [a_product(stock=100) for _ in range(5)]
    return [an_order(*products, customer=customer).id for _ in range(30)][::-1]


def test_thirty_orders_need_one_command_and_their_total_another(
    request: pytest.FixtureRequest,
) -> None:
    customer = a_person()
    placed = thirty_orders(customer)
    commands = request.getfixturevalue("commands")
    found = listed(customer, page=cut(limit=50))
    assert sum(commands.values()) == 1, commands
    assert ids(found) == placed
    assert {len(order.items) for order in found.items} == {5}
    assert (found.total, found.total) == (30, 30)
    assert sum(commands.values()) == 2, commands


def test_pages_and_cursors_return_all_of_them() -> None:
    customer = a_person()
    placed = thirty_orders(customer)
    pages = [listed(customer, page=cut(limit=12, page=n)) for n in (1, 2, 3)]
    assert [each for page in pages for each in ids(page)] == placed
    assert [page.has_next for page in pages] == [True, True, False]
    first = listed(customer, page=cut(limit=12))
    an_order(customer=customer)  # orders added meanwhile do not shift the pages
    rest = listed(customer, page=cut(limit=50, after=first.cursors[-1]))
    assert ids(first) + ids(rest) == placed


def test_customers_list_their_own_only() -> None:
    ada, bob = a_person(), a_person()
    hers = an_order(customer=ada)
    an_order(customer=bob)
    assert ids(listed(ada)) == [hers.id]
    assert ids(listed(ada, customer_id=ada.user_id)) == [hers.id]
    assert listed(a_person()).total == 0


def test_orders_of_another_customer_are_forbidden() -> None:
    bob = a_person()
    an_order(customer=bob)
    with pytest.raises(Forbidden):
        listed(a_person(), customer_id=bob.user_id)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_operators_list_all_and_filter_by_customer(role: Role) -> None:
    ada = a_person()
    hers, his = an_order(customer=ada), an_order()
    assert ids(listed(a_person(role))) == [his.id, hers.id]
    assert ids(listed(a_person(role), customer_id=ada.user_id)) == [hers.id]


def test_list_is_filtered_by_state() -> None:
    customer = a_person()
    orders = {state: an_order_in(state, customer=customer).id for state in OrderState}
    for state, order_id in orders.items():
        assert ids(listed(customer, state=state)) == [order_id]
    assert listed(customer).total == len(OrderState)


def test_list_is_filtered_by_inclusive_start_and_exclusive_end() -> None:
    customer, noon = a_person(), now().replace(hour=12, minute=0, second=0, microsecond=0)
    early, exact, late = (an_order_at(noon + timedelta(hours=n), customer) for n in (-1, 0, 1))
    assert ids(listed(customer, created_from=noon)) == [late, exact]
    assert ids(listed(customer, created_before=noon)) == [early]
    later = noon + timedelta(hours=1)
    assert ids(listed(customer, created_from=noon, created_before=later)) == [exact]
    assert ids(listed(customer, created_from=later, created_before=noon)) == []


def test_pages_of_a_period_return_all_of_it() -> None:
    customer, noon = a_person(), now().replace(hour=12, minute=0, second=0, microsecond=0)
    placed = [an_order_at(noon + timedelta(hours=n), customer) for n in range(8)]
    period = {
        "created_from": noon + timedelta(hours=1),
        "created_before": noon + timedelta(hours=7),
    }
    first = listed(customer, page=cut(limit=4), **period)
    rest = listed(customer, page=cut(limit=4, after=first.cursors[-1]), **period)
    assert ids(first) + ids(rest) == placed[6:0:-1]
    assert (first.has_next, rest.has_next, first.total, rest.total) == (True, False, 6, 6)


def test_id_of_an_order_is_as_old_as_the_order() -> None:
    order = an_order()
    first, behind = (first_id(order.created_at + n * CREATED_WITHIN) for n in (-1, 1))
    assert first <= order.id < behind


def test_filters_can_be_combined() -> None:
    ada, operator = a_person(), a_person(Role.OPERATOR)
    wanted = an_order_in(OrderState.PAID, customer=ada)
    an_order_in(OrderState.PAID)
    an_order_in(OrderState.PACKED, customer=ada)
    assert ids(listed(operator, state="paid", customer_id=ada.user_id)) == [wanted.id]


def test_forged_cursor_is_refused() -> None:
    with pytest.raises(UnknownCursor):
        listed(a_person(), page=cut(after="-w=="))


def test_outbox_is_not_read() -> None:
    """Lists read only the fields that they return: an outbox may be large without the broker."""
    customer = a_person()
    an_order(customer=customer)
    (order,) = Order.objects.exclude("outbox")
    assert order.outbox == []
    assert listed(customer).items[0].id == order.id
