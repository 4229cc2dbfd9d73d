"""Own CPU time and database commands of an order, from the request to its mail."""

from collections.abc import Iterator

import pytest

from tests.integration.builders import Queues, a_product
from tests.integration.delivery.servers import mails_by
from tests.integration.orders.order_path import customers, requests, walk, walk_alone
from tests.mail_sink import MailSink, mail_sink
from tidings.delivery.models import Notification
from tidings.platform.messaging import outbox
from tidings.platform.providers import smtp

pytestmark = pytest.mark.usefixtures("keys")

ORDERS = 50
MAX_CPU_MS = 25.0
"""Of all functions together, for one order: about 10 ms are used."""
MAX_COMMANDS_OF_REQUEST = 3
MAX_COMMANDS_OF_BATCH = {
    "products.inventory": 8,
    "orders.orders": 3,
    "notifications.notifications": 4,
    # Two batches: of confirmed orders, and of their purchases.
    "recommendations.recommendations": 10,
    # It claims and records mails in groups of about ten.
    "delivery.deliver": 25,
}
LONE_ORDERS = 10
MAX_CPU_MS_ALONE = 60.0
"""Of a lone order: 26 ms on an idle machine, up to 43 ms on a busy one."""
MAX_COMMANDS_ALONE = {
    "place-order": MAX_COMMANDS_OF_REQUEST,
    "products.inventory": 6,
    "orders.orders": 3,
    "notifications.notifications": 4,
    # The mean of its two events; popular products are read once a minute, not for each order.
    "recommendations.recommendations": 8,
    "delivery.deliver": 5,
}


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailSink]:
    """Return an SMTP server in another process, whose CPU time does not count."""
    with mail_sink() as server:
        url = f"smtp://127.0.0.1:{server.port}"
        mails_by(monkeypatch, url)
        yield server
        smtp.close()


def test_order_costs_little_cpu_time_and_few_commands(
    queues: Queues, commands: list[str], sink: MailSink
) -> None:
    buyers, products = customers(25), [a_product(stock=1000) for _ in range(40)]
    outbox.take_stored()
    walk(requests(buyers, products, 2), queues, commands)  # imports, connections, caches
    cost = walk(requests(buyers, products, ORDERS), queues, commands)
    assert Notification.objects(deliveries__email__status="sent").count() == ORDERS + 2
    assert sink.counts()[:2] == (ORDERS + 2, ORDERS + 2)
    assert cost.commands.pop("place-order").total() <= MAX_COMMANDS_OF_REQUEST * ORDERS
    for function, most in MAX_COMMANDS_OF_BATCH.items():
        batches = cost.batches[function]
        assert cost.commands[function].total() <= most * batches, function
    assert cost.cpu_ms / ORDERS <= MAX_CPU_MS, dict(cost.cpu_seconds)


def test_lone_order_costs_little_cpu_time_and_few_commands(
    queues: Queues, commands: list[str], sink: MailSink
) -> None:
    buyers, products = customers(LONE_ORDERS), [a_product(stock=1000) for _ in range(40)]
    outbox.take_stored()
    walk_alone(requests(buyers, products, 2), queues, commands)  # imports, connections, caches
    cost = walk_alone(requests(buyers, products, LONE_ORDERS), queues, commands)
    assert sink.counts()[:2] == (LONE_ORDERS + 2, LONE_ORDERS + 2)
    assert cost.commands.keys() == MAX_COMMANDS_ALONE.keys()
    for function, most in MAX_COMMANDS_ALONE.items():
        used = cost.commands[function].total()
        assert used <= most * cost.batches[function], (function, cost.commands[function])
    assert cost.cpu_ms / LONE_ORDERS <= MAX_CPU_MS_ALONE, dict(cost.cpu_seconds)
