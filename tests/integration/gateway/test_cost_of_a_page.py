"""Own CPU time and database commands of a page of 20 in the gateway."""

import json
import time
from typing import Final

from tests.bench.http import ORDERS
from tests.integration.builders import CONTEXT, a_product, a_reader, an_order, token_of
from tests.integration.gateway.in_process import InProcessApi
from tidings.platform.messaging import outbox
from tidings.platform.secrets import SigningKeys

PAGE: Final = 20
MAX_CPU_MS: Final = 8.0
"""Of one call, in the best of `ROUNDS`: half of it on an idle machine of 2026."""
ROUNDS, CALLS = 30, 10


def test_page_of_own_orders_with_products_costs_little(
    keys: SigningKeys, commands: list[str]
) -> None:
    reader = a_reader(devices=0)
    for number in range(PAGE):
        an_order(a_product(title=f"Mug {number}"), customer=reader)
    outbox.take_stored()
    api = InProcessApi(token_of(reader), reader.user_id)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {api.token}"}
    body = json.dumps({"query": ORDERS}).encode()
    event, function = api._event("POST", "/graphql", body, headers)
    assert function is not None
    handler = function.load()

    def cpu_ms() -> float:
        started = time.process_time()
        for _ in range(CALLS):
            handler(event, CONTEXT)
        return 1000 * (time.process_time() - started) / CALLS

    nodes = json.loads(handler(event, CONTEXT)["body"])["data"]["getOrders"]["nodes"]
    assert [node["items"][0]["product"]["title"] for node in nodes] == [
        f"Mug {number}" for number in reversed(range(PAGE))
    ]
    commands.clear()
    handler(event, CONTEXT)
    assert commands == ["find"], "the products come from the cache"
    assert min(cpu_ms() for _ in range(ROUNDS)) <= MAX_CPU_MS
