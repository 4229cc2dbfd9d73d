"""What can be done with orders."""

from collections.abc import Mapping

from tidings.orders.errors import MixedCurrencies, OrderTooLarge, UnknownProduct
from tidings.orders.events import (
    OrderConfirmed,
    OrderConfirmedData,
    OrderedLine,
    OrderPlaced,
    OrderPlacedData,
    OrderRejected,
    OrderRejectedData,
)
from tidings.orders.models import Order, OrderItem, OrderState, Transition
from tidings.orders.queries import view_of
from tidings.orders.schemas import MAX_TOTAL, OrderView, PlaceOrder, PlaceOrderItem
from tidings.platform import outbox
from tidings.platform.auth import Principal
from tidings.platform.clock import now
from tidings.platform.context import correlation_id
from tidings.platform.events import Event
from tidings.platform.logging import logger
from tidings.products.queries import get_products_by_id
from tidings.products.schemas import ProductView


def place_order(wanted: PlaceOrder, *, caller: Principal) -> OrderView:
    """Take an order on at today's prices. Whether there is enough is decided after.

    Raises:
        UnknownProduct: one of the products does not exist.
        MixedCurrencies: they are not all sold in one currency.
        OrderTooLarge: the total is beyond what clients can read.
    """
    products = get_products_by_id(item.product_id for item in wanted.items)
    items = [_order_item(item, products) for item in wanted.items]
    order = Order(
        customer_id=caller.user_id,
        items=items,
        total=_total(items),
        currency=_one_currency(products),
        state=OrderState.PLACED.value,
        history=[_transition(OrderState.PLACED)],
        correlation_id=correlation_id(),
    )
    outbox.insert(order, _placed(order))
    logger.info("order placed", order_id=order.id)
    return view_of(order)


def confirm_order(order_id: str) -> None:
    """Confirm an order whose stock is set aside; one that is decided already stays as it is."""
    order = Order.objects(pk=order_id).only("customer_id", "total", "currency").first()
    if order is None:
        raise LookupError(f"order {order_id} is not there (yet)")
    data = OrderConfirmedData(
        order_id=order_id,
        customer_id=order.customer_id,
        total=order.total,
        currency=order.currency,
    )
    _decide(order_id, OrderState.CONFIRMED, OrderConfirmed(subject=order_id, data=data))


def reject_order(order_id: str, *, reason: str) -> None:
    """Reject an order that cannot be fulfilled; one that is decided already stays as it is."""
    order = Order.objects(pk=order_id).only("customer_id").first()
    if order is None:
        raise LookupError(f"order {order_id} is not there (yet)")
    data = OrderRejectedData(order_id=order_id, customer_id=order.customer_id, reason=reason)
    event = OrderRejected(subject=order_id, data=data)
    _decide(order_id, OrderState.REJECTED, event, reason=reason)


def note_stock_released(order_id: str) -> None:
    """Note that nothing is set aside any more for an order that is off."""
    logger.info("stock of an order was released", order_id=order_id)


def _decide(order_id: str, state: OrderState, event: Event, reason: str | None = None) -> None:
    """Move an order from `placed` on, exactly once."""
    order = outbox.change(
        Order.objects(pk=order_id, state=OrderState.PLACED.value),
        event,
        set__state=state.value,
        push__history=_transition(state, reason),
    )
    if order is None:
        logger.info("order was decided before", order_id=order_id)
    else:
        logger.info("order decided", order_id=order_id, state=state.value)


def _order_item(item: PlaceOrderItem, products: Mapping[str, ProductView]) -> OrderItem:
    product = products.get(item.product_id)
    if product is None:
        raise UnknownProduct(item.product_id)
    return OrderItem(
        product_id=product.id,
        sku=product.sku,
        title=product.title,
        quantity=item.quantity,
        unit_price=product.price.amount,
    )


def _total(items: list[OrderItem]) -> int:
    total: int = sum(item.unit_price * item.quantity for item in items)
    if total > MAX_TOTAL:
        raise OrderTooLarge
    return total


def _one_currency(products: Mapping[str, ProductView]) -> str:
    currencies = {product.price.currency for product in products.values()}
    if len(currencies) != 1:
        raise MixedCurrencies
    return currencies.pop()


def _transition(state: OrderState, reason: str | None = None) -> Transition:
    return Transition(state=state.value, at=now(), reason=reason)


def _placed(order: Order) -> OrderPlaced:
    lines = [OrderedLine(product_id=i.product_id, quantity=i.quantity) for i in order.items]
    data = OrderPlacedData(order_id=order.id, customer_id=order.customer_id, lines=lines)
    return OrderPlaced(subject=order.id, data=data)
