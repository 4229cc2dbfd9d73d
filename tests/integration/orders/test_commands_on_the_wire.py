"""The commands that a proxy counts in front of MongoDB are those that the driver tells.

The tests of costs count by the driver's listener; this shows that it leaves none out.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

from tests.integration.builders import Queues, a_product, an_order
from tests.integration.conftest import NOT_COUNTED
from tests.integration.gateway.conftest import sign_in
from tests.integration.gateway.in_process import InProcessApi
from tests.integration.orders.order_path import customers, requests, walk_alone
from tests.integration.wire import CountingProxy
from tests.settings import stack_under_test
from tidings.delivery.models import Notification
from tidings.platform.messaging import outbox
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage import database
from tidings.products import product_cache

pytestmark = pytest.mark.usefixtures("keys")

CALLS: Final[dict[str, tuple[str, Counter[str]]]] = {
    # The account is kept since the fixture asked for it.
    "me": ("{ me { id email } }", Counter()),
    # The page and its total are kept, and the products of all pages by themselves.
    "products": ("{ getProducts { nodes { id title } } }", Counter(find=2, aggregate=1)),
    "products again": ("{ getProducts { nodes { id title } } }", Counter()),
    "inbox": ("{ getUserNotifications { nodes { id title } } }", Counter(find=1)),
    "own orders": ("{ getOrders { nodes { id state } } }", Counter(find=1)),
    # The catalogue's cache has the products since the first list of them.
    "own orders with products": (
        "{ getOrders { totalCount nodes { id items { product { title } } } } }",
        Counter(find=1, aggregate=1),
    ),
}


@pytest.fixture
def wire(commands: list[str]) -> Iterator[CountingProxy]:
    """Connect through the proxy; the driver tells its commands to `commands`."""
    proxy = CountingProxy(stack_under_test().mongodb_uri)
    try:
        with pytest.MonkeyPatch.context() as patch:
            # Else the driver goes to the address that the replica set tells.
            url = f"{proxy.url}?directConnection=true"
            patch.setattr(database, "mongodb_url", lambda **_: url)
            database.connect()
            yield proxy
    finally:
        database.connect()
        proxy.close()


def counted(proxy: CountingProxy) -> Counter[str]:
    return Counter(each for each in proxy.names if each not in NOT_COUNTED)


@pytest.fixture
def customer(wire: CountingProxy) -> InProcessApi:
    (found,) = sign_in(Role.CUSTOMER)
    for _ in range(3):
        an_order(customer=Principal(user_id=found.user_id or "", role=Role.CUSTOMER))
    found.graphql("{ me { id } }")
    return found


def test_calls_send_the_commands_that_the_driver_tells(
    customer: InProcessApi, wire: CountingProxy, commands: list[str]
) -> None:
    product_cache.forget_pages()
    sent: dict[str, Counter[str]] = {}
    for name, (query, _) in CALLS.items():
        wire.names.clear()
        commands.clear()
        answer = customer.graphql(query)
        assert "errors" not in answer, answer
        sent[name] = counted(wire)
        assert sent[name] == Counter(commands), name
    assert sent == {name: expected for name, (_, expected) in CALLS.items()}


def test_order_sends_the_commands_that_the_driver_tells(
    queues: Queues, wire: CountingProxy, commands: list[str]
) -> None:
    buyers, products = customers(3), [a_product(stock=1000) for _ in range(10)]
    outbox.take_stored()
    placed = requests(buyers, products, 3)
    walk_alone(placed[:1], queues, commands)  # imports, connections, caches
    wire.names.clear()
    cost = walk_alone(placed[1:], queues, commands)
    sent = counted(wire)
    assert sent == sum(cost.commands.values(), Counter[str]())
    assert Notification.objects(user_id__in=[each.user_id for each in buyers]).count() == 3
