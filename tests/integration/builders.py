"""Builders of people, products, orders and messages, and helpers for concurrent calls."""

import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from secrets import token_hex
from types import SimpleNamespace
from typing import Any, Final, TypeVar

import redis
from pika.adapters.blocking_connection import BlockingChannel

from tests.unit.gateway.builders import Answer, send
from tests.unit.platform.builders import in_a_session
from tests.waiting import eventually
from tidings.orders.models import Order
from tidings.orders.operations import place_order
from tidings.orders.schemas import OrderView, PlaceOrder
from tidings.orders.states import OrderState
from tidings.platform.errors import Unavailable
from tidings.platform.messaging import outbox
from tidings.platform.secrets import Url
from tidings.platform.security.auth import Principal, Role, issue_access_token
from tidings.platform.settings import settings
from tidings.platform.storage import redis_connection
from tidings.platform.timing.clock import new_id, now
from tidings.products.models import Product
from tidings.products.operations import create_product
from tidings.products.schemas import CreateProduct, ProductView
from tidings.users import kept_accounts
from tidings.users.models import PushToken, User
from tidings_local.bridge.event import Envelope, encode_record

CONTEXT: Final = SimpleNamespace(aws_request_id="request-1")
BROKER_ARN: Final = "arn:aws:mq:us-east-1:000000000000:broker:tidings:b-local"
PASSWORD: Final = "correct horse"

_numbers = count(1)
# Test processes share LocalStack, which keeps all mails, so each uses its own addresses.
_process: Final = token_hex(4)
Result = TypeVar("Result")


# -------------------------------------------------------------------- the shop


def a_person(role: Role = Role.CUSTOMER) -> Principal:
    return Principal(user_id=new_id(), role=role)


def change_account(user_id: str, **update: Any) -> None:
    """Change a person's account as the operations do, so that no copy of the former one is used."""
    with kept_accounts.changing(user_id):
        User.objects(pk=user_id).update_one(**update)


def an_address() -> str:
    return f"person-{next(_numbers)}-{_process}@example.com"


def a_reader(
    *,
    role: Role = Role.CUSTOMER,
    verified: bool = True,
    devices: int = 1,
    name: str = "Ada",
    **preferences: Any,
) -> Principal:
    """Return a person with an account and a registered device."""
    user = User(
        email=an_address(),
        name=name,
        password_hash="-",
        role=role.value,
        preferences=preferences,
        verified_at=now() if verified else None,
    )
    user.save(force_insert=True)
    for number in range(devices):
        token = f"{user.id}-{number}"
        PushToken(user_id=user.id, platform="ios", token=token, token_hash=token).save()
    return Principal(user_id=user.id, role=role)


def environment() -> dict[str, str]:
    """Return the environment with which another process uses this session's data and queues."""
    here = settings().model_dump(exclude_none=True, exclude={"function_name", "smtp_url"})
    ours = {f"TIDINGS_{name.upper()}": str(value) for name, value in here.items()}
    return os.environ | ours | {"PYTHONPATH": os.pathsep.join(sys.path)}


def a_product(
    *, stock: int = 10, price: int = 990, currency: str = "EUR", **more: Any
) -> ProductView:
    described = {
        "sku": f"SKU-{next(_numbers)}",
        "title": "Mug",
        "price": {"amount": price, "currency": currency},
        "stock": stock,
    }
    return create_product(
        CreateProduct.model_validate(described | more), caller=a_person(Role.ADMIN)
    )


def an_order(
    *products: ProductView, customer: Principal | None = None, quantity: int = 1
) -> OrderView:
    """Place an order of a person with an account; its events are not published yet."""
    items = [{"product_id": each.id, "quantity": quantity} for each in products or (a_product(),)]
    wanted = PlaceOrder.model_validate({"items": items})
    return place_order(wanted, caller=customer or a_reader())


def an_order_in(state: OrderState, *, customer: Principal | None = None) -> OrderView:
    """Return an order in this state, without the history that leads to it."""
    order = an_order(customer=customer)
    Order.objects(pk=order.id).update_one(set__state=state.value, set__outbox=[])
    outbox.take_stored()
    return order


def stock_of(product: ProductView) -> int:
    stock: int = Product.objects.get(pk=product.id).stock
    return stock


def state_of(order: OrderView) -> str:
    state: str = Order.objects.get(pk=order.id).state
    return state


# ------------------------------------------------------------------ the services


def at(url: str) -> Url:
    """Return the address of a service that stays where it is."""

    def address(*, refused: bool = False) -> str:
        return url

    return address


def a_redis_that_is_away() -> "redis.Redis":
    """Return a client of a port where nothing listens, with the deployed code's timeouts."""
    return redis_connection.connect(at("redis://127.0.0.1:1/0"))


# ----------------------------------------------------------------- the messages


@dataclass(frozen=True)
class Taken:
    """A message taken from a queue, and the record that the bridge would make of it."""

    record: bytes
    body: bytes
    headers: dict[str, Any]
    message_id: str
    correlation_id: str | None

    @property
    def event(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content


class Queues:
    """The queues of the tests' own virtual host."""

    def __init__(self, channel: BlockingChannel, virtual_host: str) -> None:
        self.channel = channel
        self._virtual_host = virtual_host

    def take(self, queue: str, count: int) -> list[Taken]:
        """Wait for exactly this number of messages, and take them."""
        taken = [self._wait_for(queue) for _ in range(count)]
        more = self._get(queue)
        assert more is None, more.body
        return taken

    def take_all(self, queue: str) -> list[Taken]:
        """Take the messages that are in the queue now."""
        taken = []
        while message := self._get(queue):
            taken.append(message)
        return taken

    def is_empty(self, queue: str) -> bool:
        return self._get(queue) is None

    def event_of(self, queue: str, messages: Sequence[Taken]) -> dict[str, Any]:
        """Return the event with which the bridge invokes a function."""
        envelope = Envelope(BROKER_ARN, queue, self._virtual_host)
        event: dict[str, Any] = json.loads(envelope.enclose([each.record for each in messages]))
        return event

    def _wait_for(self, queue: str) -> Taken:
        message = eventually(lambda: self._get(queue), what=f"a message in {queue}")
        assert message is not None
        return message

    def _get(self, queue: str) -> Taken | None:
        method, properties, body = self.channel.basic_get(queue, auto_ack=True)
        if method is None:
            return None
        assert isinstance(body, bytes)
        return Taken(
            encode_record(properties, method.redelivered, body),
            body,
            properties.headers or {},
            properties.message_id,
            properties.correlation_id,
        )


# ------------------------------------------------------------------- the gateway


def token_of(principal: Principal) -> str:
    return issue_access_token(in_a_session(principal))


def graphql(
    query: str,
    *,
    token: str | None = None,
    headers: dict[str, str] | None = None,
    **variables: Any,
) -> Answer:
    """Send one operation to the gateway in this process."""
    bearer = {"authorization": f"Bearer {token}"} if token else {}
    return send(body={"query": query, "variables": variables}, headers=bearer | (headers or {}))


# ------------------------------------------------------------- concurrent calls


def as_consumers_do(call: Callable[[], object]) -> Callable[[], bool]:
    """Wrap the call with a consumer's retries after temporary errors."""

    def is_done() -> bool:
        try:
            call()
        except Unavailable:
            return False
        return True

    return lambda: eventually(is_done)


def at_once(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Make all calls at the same time, each in its own thread."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Result]) -> Result:
        barrier.wait(timeout=60)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))
