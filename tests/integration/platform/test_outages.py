"""The API while MongoDB, a Redis or RabbitMQ refuses connections or hangs.

The tests share the services; each test puts its own proxies in front of them, and breaks those.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pika
import pytest
import redis
from pymongo.errors import PyMongoError

from tests.faults.proxy import Proxy
from tests.integration.builders import (
    PASSWORD,
    Queues,
    a_person,
    a_product,
    an_address,
    an_order,
    at,
    token_of,
)
from tests.integration.gateway.in_process import InProcessAnswer, InProcessApi
from tests.integration.patience import be_as_deployed, be_patient
from tests.integration.users.people import as_principal, registered
from tests.settings import stack_under_test
from tests.waiting import eventually, timed
from tidings.monitoring.relay import OUTBOX_DOCUMENTS
from tidings.orders.models import Order
from tidings.platform.caching import cache
from tidings.platform.messaging import broker, relay
from tidings.platform.messaging.relay import relay_left_behind
from tidings.platform.security import limits, store
from tidings.platform.storage import database, redis_connection, resting
from tidings.products import product_cache

pytestmark = pytest.mark.usefixtures("keys")

# The longest time of the first request in an outage; later ones are faster.
QUICKLY_SECONDS = 3.0
# Additional time on a busy machine.
BUSY_SECONDS = 2.0
BREAKS: dict[str, Callable[[Proxy], None]] = {"refuses": Proxy.refuse, "hangs": Proxy.hang}


@dataclass
class Network:
    """The connections to the services.

    The timeout of the broken service is that of a deployed function; the others may be slow.
    """

    mongodb: Proxy
    redis: Proxy
    redis_cache: Proxy
    rabbitmq: Proxy
    patch: pytest.MonkeyPatch

    def break_mongodb(self, how: str) -> None:
        be_as_deployed(self.patch, database)
        database.close()
        database.connect()
        eventually(lambda: answers(database.ping))
        BREAKS[how](self.mongodb)

    def break_redis(self, how: str) -> None:
        be_as_deployed(self.patch, redis_connection)
        store.service.cache_clear()
        eventually(lambda: answers(store.ping))
        BREAKS[how](self.redis)

    def break_redis_cache(self, how: str) -> None:
        be_as_deployed(self.patch, redis_connection)
        cache.service.cache_clear()
        eventually(lambda: answers(cache.ping))
        BREAKS[how](self.redis_cache)

    def break_rabbitmq(self, how: str) -> None:
        be_as_deployed(self.patch, broker)
        broker.publisher().close()
        broker.publisher.cache_clear()
        eventually(lambda: answers(broker.publisher().ping))
        BREAKS[how](self.rabbitmq)


def answers(ping: Callable[[], None]) -> bool:
    try:
        ping()
    except (PyMongoError, redis.RedisError, broker.BrokerUnavailable):
        return False
    return True


def reconnect() -> None:
    broker.publisher().close()
    database.close()
    for each in (broker.publisher, store.service, cache.service):
        each.cache_clear()
    limits.resting.wake()
    product_cache.forget_pages()
    database.connect()


@pytest.fixture
def network(rabbit: Any) -> Iterator[Network]:
    stack = stack_under_test()
    with pytest.MonkeyPatch.context() as patch:
        own = Network(
            Proxy(stack.mongodb_uri),
            Proxy(stack.redis_url),
            Proxy(stack.cache_redis_url),
            Proxy(rabbit.url),
            patch,
        )
        # The driver must not bypass the proxy and connect to the member that the server names.
        direct = f"{own.mongodb.url}?directConnection=true"
        patch.setattr(database, "mongodb_url", at(direct))
        patch.setattr(store, "security_store_url", at(own.redis.url))
        patch.setattr(cache, "cache_url", at(own.redis_cache.url))
        patch.setattr(broker, "amqp_url", at(own.rabbitmq.url))
        # A service that failed is not asked again until the end of the test.
        for module in (resting, broker):
            patch.setattr(module, "REST_SECONDS", 600.0)
        try:
            reconnect()
            assert health() == all_up()  # so that all are connected
            yield own
        finally:
            patch.undo()
            proxies = (own.mongodb, own.redis, own.redis_cache, own.rabbitmq)
            for proxy in proxies:
                proxy.resume()  # a driver that is closed sends a last command to its server
            reconnect()
            for proxy in proxies:
                proxy.close()


@dataclass
class Noted:
    """Counts how often a client contacted its service."""

    times: int = 0


@pytest.fixture
def asks_of_redis(network: Network, monkeypatch: pytest.MonkeyPatch) -> Noted:
    """Count the commands of the security store: each takes a connection of its pool."""
    noted, take = Noted(), redis.ConnectionPool.get_connection

    def get_connection(pool: redis.ConnectionPool, *arguments: Any, **options: Any) -> Any:
        noted.times += pool.connection_kwargs["port"] == network.redis.port
        return take(pool, *arguments, **options)

    monkeypatch.setattr(redis.ConnectionPool, "get_connection", get_connection)
    return noted


@pytest.fixture
def connects_to_rabbitmq(monkeypatch: pytest.MonkeyPatch) -> Noted:
    noted, connect = Noted(), pika.SelectConnection

    def connection(*arguments: Any, **options: Any) -> pika.SelectConnection:
        noted.times += 1
        return connect(*arguments, **options)

    monkeypatch.setattr(pika, "SelectConnection", connection)
    return noted


def health() -> dict[str, Any]:
    answer, seconds = timed(lambda: InProcessApi().request("GET", "/health?deep=1"))
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


def test_requests_succeed_through_the_proxies(network: Network) -> None:
    product = a_product()
    assert health() == all_up()
    assert customer().rest("POST", "/orders", wanted(product.id)).status == 201


# --------------------------------------------------------------------------- MongoDB


@pytest.mark.parametrize("breaks", BREAKS)
def test_without_mongodb_requests_are_refused_quickly(network: Network, breaks: str) -> None:
    product, api = a_product(), customer()
    network.break_mongodb(breaks)
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
    eventually(lambda: answers(database.ping), what="the driver's monitor finds the server again")
    assert api.rest("GET", "/orders").status == 200
    assert Order.objects.count() == 0


@pytest.mark.parametrize("breaks", BREAKS)
def test_without_mongodb_graphql_is_refused_quickly(network: Network, breaks: str) -> None:
    an_order(a_product())
    api = customer()
    network.break_mongodb(breaks)
    answer, seconds = timed(lambda: api.graphql("{ getOrders { totalCount } }"))
    assert seconds < QUICKLY_SECONDS + BUSY_SECONDS
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "not available" in answer["errors"][0]["message"]


# ----------------------------------------------------------------------------- Redis


@pytest.mark.parametrize("breaks", BREAKS)
def test_without_redis_the_shop_works_and_sign_in_is_refused(
    network: Network, asks_of_redis: Noted, breaks: str
) -> None:
    product, api = a_product(), customer()
    network.break_redis(breaks)
    shopping = [
        timed(lambda: api.rest("GET", f"/products/{product.id}")),
        timed(lambda: api.rest("POST", "/orders", wanted(product.id))),
    ]
    asked = asks_of_redis.times
    shopping.append(timed(lambda: api.rest("GET", "/orders")))
    assert asks_of_redis.times == asked, "Redis must not be asked for a while"
    assert [answer.status for answer, _ in shopping] == [200, 201, 200]
    assert all(seconds < 5 for _, seconds in shopping)
    login = {"email": an_address(), "password": "correct horse battery"}
    answer, seconds = timed(lambda: InProcessApi().rest("POST", "/login", login))
    assert (answer.status, seconds < QUICKLY_SECONDS + BUSY_SECONDS) == (503, True)
    assert int(answer.headers["Retry-After"]) > 0
    assert health() == all_up() | {"status": "degraded", "redis": "down"}


@pytest.mark.parametrize("breaks", BREAKS)
def test_without_the_cache_people_sign_in_and_the_shop_works(network: Network, breaks: str) -> None:
    person, product = registered(), a_product()
    api = InProcessApi(token_of(as_principal(person)))
    network.break_redis_cache(breaks)
    login = {"email": person.email, "password": PASSWORD}
    calls: list[Callable[[], InProcessAnswer]] = [
        lambda: InProcessApi().rest("POST", "/login", login),
        lambda: api.rest("GET", f"/products/{product.id}"),
        lambda: api.rest("POST", "/orders", wanted(product.id)),
    ]
    shopping = [timed(call) for call in calls]
    assert [answer.status for answer, _ in shopping] == [200, 200, 201]
    assert all(seconds < 5 for _, seconds in shopping)
    assert health() == all_up() | {"status": "degraded", "redis_cache": "down"}


# -------------------------------------------------------------------------- RabbitMQ


@pytest.mark.parametrize("breaks", BREAKS)
def test_without_rabbitmq_orders_are_accepted_and_their_events_wait(
    network: Network,
    connects_to_rabbitmq: Noted,
    queues: Queues,
    monkeypatch: pytest.MonkeyPatch,
    breaks: str,
) -> None:
    product, api = a_product(), customer()
    network.break_rabbitmq(breaks)
    first, slow = timed(lambda: api.rest("POST", "/orders", wanted(product.id)))
    connects = connects_to_rabbitmq.times
    second = api.rest("POST", "/orders", wanted(product.id))
    assert connects_to_rabbitmq.times == connects, "RabbitMQ must not be asked for a while"
    assert (first.status, second.status) == (201, 201)
    assert slow < broker.CONFIRM_SECONDS + 1
    assert health() == all_up() | {"status": "degraded", "rabbitmq": "down"}
    assert sum(len(each.outbox) for each in Order.objects) == 2

    network.rabbitmq.resume()
    be_patient(monkeypatch)
    broker.publisher()._resting_until = 0.0
    monkeypatch.setattr(relay, "LEFT_BEHIND_AFTER", timedelta(seconds=-1))
    assert relay_left_behind(OUTBOX_DOCUMENTS, seconds=60) == 2
    assert {each.event["data"]["order_id"] for each in queues.take("inventory", 2)} == {
        each.id for each in Order.objects
    }
