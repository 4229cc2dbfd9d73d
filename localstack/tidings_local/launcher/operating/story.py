"""`make demo`: a customer's order and its notification, over real HTTPS."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from .. import progress
from ..errors import LauncherError
from ..running.stack import Stack
from . import queries
from .admin import create_admin
from .api import GraphqlApi
from .log_filter import Wanted
from .log_record import render
from .logs import Reader

STOCK = 3
ORDERED = 2
TOO_MANY = 5
NOTIFIED_WITHIN_SECONDS = 15
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Person:
    email: str
    token: str


def play(stack: Stack) -> None:
    """Run the demo; it can be repeated, because addresses and product are new each time."""
    run, password = secrets.token_hex(4), secrets.token_urlsafe(18)
    with GraphqlApi(stack) as api:
        admin = _admin(stack, api, f"admin-{run}@example.com", password)
        product = _product(api, admin, f"DEMO-{run}".upper())
        customer = _customer(api, f"customer-{run}@example.com", password)
        confirmed = _order(api, customer, product, ORDERED, "CONFIRMED")
        _order(api, customer, product, TOO_MANY, "REJECTED")
        _stock_is(api, product, STOCK - ORDERED)
    _show_trail(stack, confirmed)
    _show_what_next(stack, customer, confirmed)


def _admin(stack: Stack, api: GraphqlApi, email: str, password: str) -> Person:
    create_admin(stack, email, password)
    progress.step(f"created the administrator {email}")
    return _signed_in(api, email, password)


def _customer(api: GraphqlApi, email: str, password: str) -> Person:
    person = {"email": email, "password": password, "name": "Ada Lovelace"}
    api.ask(queries.REGISTER_USER, input=person)
    progress.step(f"Ada registers as {email}")
    return _signed_in(api, email, password)


def _signed_in(api: GraphqlApi, email: str, password: str) -> Person:
    session = api.ask(queries.LOGIN, input={"email": email, "password": password})
    return Person(email, session["accessToken"])


def _product(api: GraphqlApi, admin: Person, sku: str) -> dict[str, Any]:
    described: dict[str, Any] = {"sku": sku, "title": "Analytical Engine (paper model)"}
    described |= {"price": {"amount": 4900, "currency": "EUR"}, "stock": STOCK}
    product: dict[str, Any] = api.ask(queries.CREATE_PRODUCT, admin.token, input=described)
    progress.step(f"the administrator puts {STOCK} pieces of {sku} on sale")
    return product


def _order(
    api: GraphqlApi, customer: Person, product: dict[str, Any], quantity: int, expected: str
) -> str:
    """Order, wait for the notification, check the order; return the correlation id."""
    items = [{"productId": product["id"], "quantity": quantity}]
    order = api.ask(queries.PLACE_ORDER, customer.token, input={"items": items})
    correlation_id, placed = api.correlation_id, time.monotonic()
    progress.step(f"Ada orders {quantity}: {order['state'].lower()}")
    notification = _notification_about(api, customer, order["id"])
    milliseconds = (time.monotonic() - placed) * 1000
    progress.step(f"after {milliseconds:.0f} ms in her inbox: {notification['title']}")
    state = api.ask(queries.GET_ORDER, customer.token, id=order["id"])["state"]
    if state != expected:
        raise LauncherError(f"the order is {state}, it should be {expected}")
    return correlation_id


def _notification_about(api: GraphqlApi, customer: Person, order_id: str) -> dict[str, Any]:
    limit = time.monotonic() + NOTIFIED_WITHIN_SECONDS
    while time.monotonic() < limit:
        inbox = api.ask(queries.GET_NOTIFICATIONS, customer.token)
        for notification in inbox["nodes"]:
            if notification["subjectId"] == order_id:
                return dict(notification)
        time.sleep(POLL_SECONDS)
    raise LauncherError(
        f"no notification after {NOTIFIED_WITHIN_SECONDS} s", hint="make status, make logs"
    )


def _stock_is(api: GraphqlApi, product: dict[str, Any], expected: int) -> None:
    products = api.ask(queries.GET_PRODUCTS)["nodes"]
    stock = next(found["stock"] for found in products if found["id"] == product["id"])
    if stock != expected:
        raise LauncherError(f"the stock is {stock}, it should be {expected}")
    progress.step(f"the stock is {stock}: the rejected order took nothing")


def _show_trail(stack: Stack, correlation_id: str) -> None:
    progress.show("\nThe log of the confirmed order, from the gateway to the inbox:")
    for record in Reader(stack, wanted=Wanted(correlation=correlation_id)).new():
        progress.show(f"  {render(record, with_fields=False)}")


def _show_what_next(stack: Stack, customer: Person, correlation_id: str) -> None:
    trust = f"--cacert {stack.certificate.relative_to(stack.root)}.crt"
    query = '{"query": "{ getProducts { nodes { sku title stock } } }"}'
    progress.show(f"""
Try next (Ada's access token works for 15 minutes):
  curl {trust} {stack.api_url}/health
  curl {trust} {stack.api_url}/graphql \\
       -H 'Content-Type: application/json' -d '{query}'
  curl {trust} {stack.api_url}/graphql \\
       -H 'Content-Type: application/json' -H 'Authorization: Bearer {customer.token}' \\
       -d '{{"query": "{{ getUserNotifications {{ nodes {{ title body }} }} }}"}}'
  make logs CORRELATION={correlation_id}
  make create-admin EMAIL=... PASSWORD=...    and sign in at {stack.api_url}/console
  make status    make down""")
