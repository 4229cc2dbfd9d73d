"""An order's story by the Python client alone, on the running stack."""

import asyncio
import dataclasses
import importlib
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import pytest

from tests.client_package import import_client
from tests.e2e.aws import invoke
from tests.e2e.shop import PASSWORD
from tests.settings import stack_under_test
from tests.waiting import eventually

EXPIRED: Final = "eyJhbGciOiJFZERTQSJ9.e30.AA"


def part(name: str) -> Any:
    import_client()
    return importlib.import_module(f"tidings_client.{name}")


def connect(kind: str = "Client") -> Any:
    stack = stack_under_test()
    return getattr(import_client(), kind)(stack.api_url, ca_file=stack.ca_file, timeout=60)


@pytest.fixture
def client() -> Iterator[Any]:
    with connect() as client:
        yield client


@pytest.fixture
def product_id() -> str:
    """Return a new product, that an administrator created by the client."""
    models = part("models")
    email = f"admin-{uuid4().hex}@example.com"
    invoke("tidings-create-admin", {"email": email, "password": PASSWORD})
    price = models.Money.from_dict({"amount": 1250, "currency": "EUR"})
    new = models.CreateProduct(sku=f"SKU-{uuid4().hex[:12]}", title="Pen", price=price, stock=3)
    with connect() as admin:
        assert admin.sign_in(email, PASSWORD).role == "admin"
        return str(part("api.products").create_product(admin, body=new).id)


def register(client: Any) -> str:
    email = f"ada-{uuid4().hex}@example.com"
    person = part("models").RegisterUser(email=email, password=PASSWORD, name="Ada")
    part("api.users").register_user(client, body=person)
    return email


def test_order_of_a_new_customer_is_in_the_inbox(client: Any, product_id: str) -> None:
    models, orders, notifications = part("models"), part("api.orders"), part("api.notifications")
    me = client.sign_in(register(client), PASSWORD)
    assert part("api.products").get_product(client, product_id).stock == 3
    items = [models.PlaceOrderItem(product_id=product_id, quantity=2)]
    wanted, key = models.PlaceOrder(items=items), str(uuid4())

    order = orders.place_order(client, body=wanted, idempotency_key=key)
    again = orders.place_order(client, body=wanted, idempotency_key=key)

    assert (again.id, order.state) == (order.id, models.OrderState.PLACED)

    def told() -> Any:
        page = notifications.get_user_notifications(client, me.user_id, unread_only=True)
        return [each for each in page.items if each.subject_id == order.id]

    (message,) = eventually(told, what=f"a notification about {order.id}")
    assert message.title == "Your order is confirmed"
    assert orders.get_order(client, order.id).state == models.OrderState.CONFIRMED
    assert notifications.mark_notification_read(client, message.id).read_at is not None
    assert told() == []

    items[0].quantity = 1
    with pytest.raises(import_client().Conflict) as refused:
        orders.place_order(client, body=wanted, idempotency_key=key)
    assert refused.value.code == "CONFLICT"
    assert refused.value.correlation_id


def test_wrong_input_is_named(client: Any) -> None:
    client.sign_in(register(client), PASSWORD)
    with pytest.raises(import_client().InvalidRequest) as refused:
        part("api.orders").place_order(client, body=part("models").PlaceOrder(items=[]))
    assert [each.field for each in refused.value.details] == ["items"]


def test_expired_token_is_renewed_by_the_api(client: Any) -> None:
    me = client.sign_in(register(client), PASSWORD)
    for _ in range(2):  # each refresh token works once
        first = client.session.tokens
        client.session.tokens = dataclasses.replace(first, access=EXPIRED)
        assert part("api.users").get_user(client, me.user_id).id == me.user_id
        assert client.session.tokens.renewal_body != first.renewal_body
    client.sign_out()
    with pytest.raises(import_client().Unauthenticated):
        part("api.users").get_user(client, me.user_id)


def test_client_for_asyncio_reads_the_catalogue(product_id: str) -> None:
    async def titles() -> list[str]:
        async with connect("AsyncClient") as client:
            page = await part("api.products").get_products_async(client, limit=100)
            return [each.id for each in page.items]

    assert product_id in asyncio.run(titles())
