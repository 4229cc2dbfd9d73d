"""Function calls and database commands of a page of 20 in the gateway."""

import cProfile
import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest

from tests.bench.http import ORDERS
from tests.integration.builders import CONTEXT, a_product, a_reader, an_order, token_of
from tests.integration.gateway.in_process import InProcessApi
from tidings.platform.messaging import outbox
from tidings.platform.observability import metrics
from tidings.platform.secrets import SigningKeys

PAGE: Final = 20
MAX_CALLS: Final = 16_000
"""Of Python and C functions in one request. Their number is the same on each machine; CPU time was
twice as much beside other tests."""


def test_page_of_own_orders_with_products_costs_little(
    keys: SigningKeys, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # One call in a second also sends the counts of all others, here those of earlier tests.
    monkeypatch.setattr(metrics, "flush", lambda: None)
    reader = a_reader(devices=0)
    for number in range(PAGE):
        an_order(a_product(title=f"Mug {number}"), customer=reader)
    outbox.take_stored()
    api = InProcessApi(token_of(reader), reader.user_id)
    page = prepared(api, ORDERS)
    nodes = json.loads(page()["body"])["data"]["getOrders"]["nodes"]
    assert [node["items"][0]["product"]["title"] for node in nodes] == [
        f"Mug {number}" for number in reversed(range(PAGE))
    ]
    commands.clear()
    page()
    assert commands == ["find"], "the products come from the cache"
    assert function_calls(page) <= MAX_CALLS


def prepared(api: InProcessApi, query: str) -> Callable[[], Any]:
    """Return a call of the gateway's handler with a request that is made before."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {api.token}"}
    body = json.dumps({"query": query}).encode()
    event, function = api._event("POST", "/graphql", body, headers)
    assert function is not None
    return partial(function.load(), event, CONTEXT)


def function_calls(call: Callable[[], Any]) -> int:
    """Return the number of function calls in a call, without those of other threads."""
    with cProfile.Profile() as profile:
        call()
    return sum(each.callcount for each in profile.getstats())
