"""The API while MongoDB, a Redis or RabbitMQ refuses, or hangs, which is worse.

The services are the shared ones; each test has proxies of its own before them, and breaks those.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import mongoengine
import pytest

from tests.faults.proxy import Proxy
from tests.integration.builders import (
    PASSWORD,
    Queues,
    a_person,
    a_product,
    an_address,
    an_order,
    token_of,
)
from tests.integration.gateway.in_process import InProcessAnswer, InProcessApi
from tests.integration.users.people import as_principal, registered
from tests.settings import stack_under_test
from tidings.monitoring.relay import OUTBOX_DOCUMENTS
from tidings.orders.models import Order
from tidings.platform.caching import cache
from tidings.platform.messaging import broker, relay
from tidings.platform.messaging.relay import relay_left_behind
from tidings.platform.secrets import Connections
from tidings.platform.security import limits, store
from tidings.platform.storage import database
from tidings.products import product_cache

pytestmark = pytest.mark.usefixtures("keys")

# How long a request may take that meets an outage first; those that follow are faster.
QUICKLY_SECONDS = 3.0
# What a machine that does other things at the same time adds to it.
BUSY_SECONDS = 2.0
# Read before the other tests' patience takes its place (conftest).
OPERATION_MS = database.OPERATION_MS
BREAKS: dict[str, Callable[[Proxy], None]] = {"refuses": Proxy.refuse, "hangs": Proxy.hang}


@dataclass
class Network:
    """The ways to the services."""

    mongodb: Proxy
    redis: Proxy
    redis_cache: Proxy
    rabbitmq: Proxy


def reconnect() -> None:
    broker.publisher().close()
    mongoengine.disconnect_all()
    for each in (broker.publisher, store.client, cache.client, database.connect):
        each.cache_clear()
    limits.resting.wake()
    product_cache.forget_pages()
    database.connect()


@pytest.fixture
def network(rabbit: Any) -> Iterator[Network]:
    stack = stack_under_test()
    own = Network(
        Proxy(stack.mongodb_uri),
        Proxy(stack.redis_url),
        Proxy(stack.cache_redis_url),
        Proxy(rabbit.url),
    )
    through = Connections(
        # The driver must not go round the proxy to the member that the server names.
        mongodb_uri=f"{own.mongodb.url}?directConnection=true",
        redis_url=own.redis.url,
        cache_redis_url=own.redis_cache.url,
        amqp_url=own.rabbitmq.url,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "OPERATION_MS", OPERATION_MS)
        for module in (database, store, cache, broker):
            patch.setattr(module, "connections", lambda: through)
        try:
            reconnect()
            yield own
        finally:
            patch.undo()
            for proxy in (own.mongodb, own.redis, own.redis_cache, own.rabbitmq):
                proxy.close()
            reconnect()


def timed(call: Callable[[], InProcessAnswer]) -> tuple[InProcessAnswer, float]:
    started = time.perf_counter()
    answer = call()
    return answer, time.perf_counter() - started


def health() -> dict[str, Any]:
    answer, seconds = timed(lambda: InProcessApi().request("GET", "/health"))
    assert seconds < QUICKLY_SECONDS + BUSY_SECONDS
    data: dict[str, Any] = answer.json["data"]
    assert (answer.status == 503) == (data["status"] == "unhealthy")
    return {"status": data["status"]} | {
        name: service["status"] for name, service in data["services"].items()
    }


def all_up() -> dict[str, str]:
    services = ("mongodb", "redis", "redis_cache", "rabbitmq")
    return {"status": "healthy"} | dict.fromkeys(services, "up")


def customer() -> InProcessApi:
    return InProcessApi(token_of(a_person()))


def wanted(product_id: str) -> dict[str, Any]:
    return {"items": [{"product_id": product_id, "quantity": 1}]}


def test_everything_is_well_through_the_proxies(network: Network) -> None:
    product = a_product()
    assert health()["status"] == "healthy"
    assert customer().rest("POST", "/orders", wanted(product.id)).status == 201


# --------------------------------------------------------------------------- MongoDB


@pytest.mark.parametrize("breaks", BREAKS)
def test_without_mongodb_requests_are_refused_quickly(network: Network, breaks: str) -> None:
    product, api = a_product(), customer()
    BREAKS[breaks](network.mongodb)
    for call in (
        lambda: api.rest("GET", "/orders"),
        lambda: api.rest("POST", "/orders", wanted(product.id)),
    ):
        answer, seconds = timed(call)
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert seconds < QUICKLY_SECONDS + BUSY_SECONDS
    assert health() == all_up() | {"status": "unhealthy", "mongodb": "down"}
    network.mongodb.resume()
    assert api.rest("GET", "/orders").status == 200
    assert Order.objects.count() == 0


@pytest.mark.parametrize("breaks", BREAKS)
def test_without_mongodb_graphql_says_so_quickly(network: Network, breaks: str) -> None:
    an_order(a_product())
    api = customer()
    BREAKS[breaks](network.mongodb)
    started = time.perf_counter()
    answer = api.graphql("{ getOrders { totalCount } }")
    assert time.perf_counter() - started < QUICKLY_SECONDS + BUSY_SECONDS
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "not available" in answer["errors"][0]["message"]


# ----------------------------------------------------------------------------- Redis


@pytest.mark.parametrize("breaks", BREAKS)
def test_without_redis_the_shop_goes_on_and_nobody_signs_in(network: Network, breaks: str) -> None:
    product, api = a_product(), customer()
    BREAKS[breaks](network.redis)
    answers = [
        timed(lambda: api.rest("GET", f"/products/{product.id}")),
        timed(lambda: api.rest("POST", "/orders", wanted(product.id))),
        timed(lambda: api.rest("GET", "/orders")),
    ]
    assert [answer.status for answer, _ in answers] == [200, 201, 200]
    assert all(seconds < 5 for _, seconds in answers)
    assert answers[-1][1] < 1, "Redis is left alone for a while"
    login = {"email": an_address(), "password": "correct horse battery"}
    answer, seconds = timed(lambda: InProcessApi().rest("POST", "/login", login))
    assert (answer.status, seconds < QUICKLY_SECONDS + BUSY_SECONDS) == (503, True)
    assert int(answer.headers["Retry-After"]) > 0
    assert health() == all_up() | {"status": "degraded", "redis": "down"}


@pytest.mark.parametrize("breaks", BREAKS)
def test_without_the_cache_people_sign_in_and_the_shop_goes_on(
    network: Network, breaks: str
) -> None:
    person, product = registered(), a_product()
    api = InProcessApi(token_of(as_principal(person)))
    BREAKS[breaks](network.redis_cache)
    login = {"email": person.email, "password": PASSWORD}
    calls: list[Callable[[], InProcessAnswer]] = [
        lambda: InProcessApi().rest("POST", "/login", login),
        lambda: api.rest("GET", f"/products/{product.id}"),
        lambda: api.rest("POST", "/orders", wanted(product.id)),
    ]
    answers = [timed(call) for call in calls]
    assert [answer.status for answer, _ in answers] == [200, 200, 201]
    assert all(seconds < 5 for _, seconds in answers)
    assert health() == all_up() | {"status": "degraded", "redis_cache": "down"}


# -------------------------------------------------------------------------- RabbitMQ


@pytest.mark.parametrize("breaks", BREAKS)
def test_without_rabbitmq_orders_are_taken_and_their_events_wait(
    network: Network, queues: Queues, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    product, api = a_product(), customer()
    assert health()["rabbitmq"] == "up"  # so that a connection is open
    BREAKS[breaks](network.rabbitmq)
    first, slow = timed(lambda: api.rest("POST", "/orders", wanted(product.id)))
    second, fast = timed(lambda: api.rest("POST", "/orders", wanted(product.id)))
    assert (first.status, second.status) == (201, 201)
    assert slow < broker.CONFIRM_SECONDS + 1
    assert fast < 1, "RabbitMQ is left alone for a while"
    assert health() == all_up() | {"status": "degraded", "rabbitmq": "down"}
    assert sum(len(each.outbox) for each in Order.objects) == 2

    network.rabbitmq.resume()
    broker.publisher()._resting_until = 0.0
    monkeypatch.setattr(relay, "LEFT_BEHIND_AFTER", timedelta(seconds=-1))
    assert relay_left_behind(OUTBOX_DOCUMENTS, seconds=5) == 2
    assert {each.event["data"]["order_id"] for each in queues.take("inventory", 2)} == {
        each.id for each in Order.objects
    }
