"""The REST endpoints in this process, with the real services."""

import importlib
import json
from typing import Any

import pytest
from pika.adapters.blocking_connection import BlockingChannel

from tests.integration.builders import (
    CONTEXT,
    PASSWORD,
    Queues,
    a_person,
    a_product,
    a_reader,
    an_address,
    an_order,
    at,
    token_of,
)
from tests.unit.platform.builders import api_event
from tidings.delivery.models import Notification
from tidings.notifications.notifying import notify
from tidings.orders.events import OrderRejected, OrderRejectedData
from tidings.orders.models import Order
from tidings.platform.caching import cache
from tidings.platform.messaging import broker, queues
from tidings.platform.messaging.broker import Publisher
from tidings.platform.security import store
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id
from tidings.products.models import Product

pytestmark = pytest.mark.usefixtures("keys")


def call(
    function: str,
    body: object = None,
    *,
    caller: Principal | None = None,
    query: dict[str, str] | None = None,
    **path: str,
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token_of(caller)}"} if caller else {}
    event = api_event(
        body, headers=headers, pathParameters=path or None, queryStringParameters=query
    )
    response = importlib.import_module(function).handler(event, CONTEXT)
    return response["statusCode"], json.loads(response["body"])


def a_notification(person: Principal) -> str:
    content = OrderRejectedData(order_id=new_id(), customer_id=person.user_id, reason="none")
    notify(OrderRejected(subject=content.order_id, data=content))
    notification_id: str = Notification.objects(user_id=person.user_id).order_by("-id").first().id
    return notification_id


def test_person_registers_signs_in_and_reads_the_account() -> None:
    email = an_address()
    person = {"email": email, "password": PASSWORD, "name": "Ada"}
    status, envelope = call("users.register_user", person)
    assert (status, envelope["data"]["email"]) == (201, email)
    status, envelope = call("users.login", {"email": email, "password": PASSWORD})
    assert status == 200
    user_id = envelope["data"]["user"]["id"]
    caller = Principal(user_id=user_id, role=Role.CUSTOMER)
    for name in ("me", user_id):
        status, envelope = call("users.get_user", caller=caller, user_id=name)
        assert (status, envelope["data"]["email"]) == (200, email)


def test_wrong_password_is_401() -> None:
    status, envelope = call("users.login", {"email": an_address(), "password": PASSWORD})
    assert (status, envelope["error"]["code"]) == (401, "UNAUTHENTICATED")
    assert envelope["data"] is None


def test_account_of_another_is_403() -> None:
    assert call("users.get_user", caller=a_person(), user_id=new_id())[0] == 403


def test_administrator_creates_a_product_that_everyone_sees() -> None:
    product = {"sku": "mug", "title": "Mug", "price": {"amount": 990, "currency": "EUR"}}
    admin = a_person(Role.ADMIN)
    status, envelope = call("products.create_product", product, caller=admin)
    assert (status, envelope["data"]["sku"]) == (201, "MUG")
    assert call("products.create_product", product, caller=admin)[0] == 409
    status, envelope = call("products.get_products", query={"limit": "1"})
    assert [each["sku"] for each in envelope["data"]] == ["MUG"]
    assert envelope["meta"]["total"] == 1


def test_product_by_a_customer_is_403_and_not_created() -> None:
    product = {"sku": "mug", "title": "Mug", "price": {"amount": 990, "currency": "EUR"}}
    assert call("products.create_product", product, caller=a_person())[0] == 403
    assert Product.objects.count() == 0


def test_order_is_placed_and_read_by_its_customer() -> None:
    customer, product = a_person(), a_product()
    wanted = {"items": [{"product_id": product.id, "quantity": 2}]}
    status, envelope = call("orders.place_order", wanted, caller=customer)
    assert (status, envelope["data"]["state"]) == (201, "placed")
    order_id = envelope["data"]["id"]
    assert call("orders.get_order", caller=customer, order_id=order_id)[0] == 200
    assert call("orders.get_order", caller=a_person(), order_id=order_id)[0] == 404


def test_order_refused_by_a_rule_is_422_and_not_placed() -> None:
    wanted = {"items": [{"product_id": new_id(), "quantity": 2}]}
    assert call("orders.place_order", wanted, caller=a_person())[0] == 422
    assert Order.objects.count() == 0


def test_inbox_is_listed_and_read() -> None:
    customer = a_reader()
    first, second = a_notification(customer), a_notification(customer)
    status, _ = call("notifications.mark_notification_read", caller=customer, notification_id=first)
    assert status == 200
    _, envelope = call("notifications.get_user_notifications", caller=customer, id="me")
    assert [each["id"] for each in envelope["data"]] == [second, first]
    _, envelope = call("notifications.get_unread_notifications", caller=customer, user_id="me")
    assert [each["id"] for each in envelope["data"]] == [second]


def test_inbox_of_another_is_403() -> None:
    owner = a_reader()
    a_notification(owner)
    answers = [
        call("notifications.get_user_notifications", caller=a_person(), id=owner.user_id),
        call("notifications.get_unread_notifications", caller=a_person(), user_id=owner.user_id),
    ]
    assert [(status, envelope["data"]) for status, envelope in answers] == [(403, None)] * 2


def test_order_is_accepted_while_the_broker_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Publisher(at("amqp://guest:guest@127.0.0.1:1/%2F"))
    monkeypatch.setattr("tidings.platform.messaging.relay.publisher", lambda: gone)
    wanted = {"items": [{"product_id": a_product().id, "quantity": 1}]}
    status, envelope = call("orders.place_order", wanted, caller=a_person())
    assert status == 201
    (entry,) = Order.objects.get(pk=envelope["data"]["id"]).outbox
    assert entry.type == "order.placed"


def test_keys_are_published() -> None:
    handler = importlib.import_module("users.get_jwks").handler
    response = handler(api_event(), CONTEXT)
    assert response["statusCode"] == 200
    (key,) = json.loads(response["body"])["keys"]
    assert (key["kty"], key["alg"]) == ("EC", "ES256")
    assert "max-age" in response["headers"]["Cache-Control"]


def test_administrator_is_created_by_invocation() -> None:
    handler = importlib.import_module("users.create_admin").handler
    admin = handler({"email": an_address(), "password": PASSWORD}, CONTEXT)
    assert admin["role"] == "admin"
    assert "password" not in str(admin)


# ---------------------------------------------------------------------------- health


def test_all_services_are_up() -> None:
    status, envelope = call("monitoring.get_health", query={"deep": "1"})
    assert (status, envelope["data"]["status"]) == (200, "healthy")
    assert set(envelope["data"]["services"]) == {"mongodb", "redis", "redis_cache", "rabbitmq"}


def test_shallow_health_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "publisher", lambda: pytest.fail("RabbitMQ was asked"))
    status, envelope = call("monitoring.get_health")
    assert (status, envelope["data"]) == (200, {"status": "healthy", "services": {}})


def test_domain_whose_queues_have_no_consumers_is_degraded() -> None:
    status, envelope = call("monitoring.get_domain_health", domain="orders")
    assert (status, envelope["data"]["status"]) == (200, "degraded")
    services = {name: each["status"] for name, each in envelope["data"]["services"].items()}
    assert services == {"mongodb": "up", "queues": "down"}


def test_domain_whose_queues_have_consumers_is_healthy(
    channel: BlockingChannel, queues: Queues
) -> None:
    tags = [
        channel.basic_consume(queue, lambda *_: None)
        for queue in ("orders", "order_statuses.queue", "vouchers")
    ]
    status, envelope = call("monitoring.get_domain_health", domain="orders")
    for tag in tags:
        channel.basic_cancel(tag)
    assert (status, envelope["data"]["status"]) == (200, "healthy")


@pytest.mark.parametrize(("domain", "service"), [("users", "redis"), ("templates", "mongodb")])
def test_domain_names_the_services_that_it_uses(domain: str, service: str) -> None:
    status, envelope = call("monitoring.get_domain_health", domain=domain)
    assert (status, envelope["data"]["status"]) == (200, "healthy")
    assert service in envelope["data"]["services"]


@pytest.mark.parametrize("domain", ["shoes", "Orders", "..", "a" * 31])
def test_unknown_domain_is_not_found(domain: str) -> None:
    status, envelope = call("monitoring.get_domain_health", domain=domain)
    assert (status, envelope["error"]["code"]) == (404, "NOT_FOUND")


def test_health_without_the_broker_is_degraded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "publisher", lambda: Publisher(at("amqp://a:b@127.0.0.1:1/%2F")))
    status, envelope = call("monitoring.get_health", query={"deep": "1"})
    assert (status, envelope["data"]["status"]) == (200, "degraded")
    assert envelope["data"]["services"]["rabbitmq"]["status"] == "down"


def test_environment_has_one_publisher_one_store_and_one_cache() -> None:
    assert broker.publisher() is broker.publisher()
    assert store.client() is store.client()
    assert cache.client() is cache.client()


# ----------------------------------------------------------------------------- jobs


def test_relay_publishes_by_rule() -> None:
    an_order()
    handler = importlib.import_module("monitoring.relay_outbox").handler
    assert handler({"time": "2026-11-21T09:00:00Z"}, CONTEXT) == {"events_published": 0}
