"""Which event tells whom what: one row per event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tidings.orders.events import OrderConfirmed, OrderRejected, OrderStatusDue
from tidings.platform.events import Event
from tidings.products.events import ProductBackInStock, ProductOutOfStock, ProductPriceDropped


@dataclass(frozen=True)
class Rule:
    """`title` and `body` are format strings over the event's data."""

    kind: str
    # Nobody: there is no one to tell, and nothing is stored.
    audience: Callable[[Any], str | None]
    title: str
    body: str


def nobody_yet(_: Event) -> None:
    """Who asked to hear of a product is not kept yet."""


RULES: Final[dict[type[Event], Rule]] = {
    OrderConfirmed: Rule(
        kind="order.confirmed",
        audience=lambda event: str(event.data.customer_id),
        title="Your order is confirmed",
        body="All pieces of order {order_id} are set aside for you.",
    ),
    OrderRejected: Rule(
        kind="order.rejected",
        audience=lambda event: str(event.data.customer_id),
        title="Your order could not be fulfilled",
        body="We are sorry: there is not enough in stock for order {order_id}. "
        "You have not been charged.",
    ),
    OrderStatusDue: Rule(
        kind="order.status_update",
        audience=lambda event: str(event.data.customer_id),
        title="Where your order stands",
        body="Order {order_id} is {state}.",
    ),
    ProductOutOfStock: Rule(
        kind="product.out_of_stock",
        audience=nobody_yet,
        title="Sold out",
        body="{title} ({sku}) is sold out: product {product_id}.",
    ),
    ProductBackInStock: Rule(
        kind="product.back_in_stock",
        audience=nobody_yet,
        title="Back in stock",
        body="{title} is here again: product {product_id}.",
    ),
    ProductPriceDropped: Rule(
        kind="product.price_dropped",
        audience=nobody_yet,
        title="The price has dropped",
        body="{title} costs less than before: product {product_id}.",
    ),
}
