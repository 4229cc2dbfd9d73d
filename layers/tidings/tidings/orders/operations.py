"""What people can do with orders."""

import hashlib
from collections.abc import Mapping

from mongoengine import NotUniqueError

from tidings.orders import announcements
from tidings.orders.errors import (
    IdempotencyKeyReused,
    MixedCurrencies,
    OrderTooLarge,
    ShipmentMissing,
    ShipmentTooEarly,
    UnknownProduct,
)
from tidings.orders.models import Order, OrderItem
from tidings.orders.queries import find_order, view_of
from tidings.orders.schemas import (
    MAX_TOTAL,
    CancelOrder,
    OrderView,
    PlaceOrder,
    PlaceOrderItem,
    UpdateOrderStatus,
)
from tidings.orders.states import Actor, OrderState
from tidings.orders.steps import Mover, Step, mover_of, take_step
from tidings.platform import outbox
from tidings.platform.auth import Principal, Role, require
from tidings.platform.clock import now
from tidings.platform.context import correlation_id
from tidings.platform.logging import logger
from tidings.products.queries import get_products_by_id
from tidings.products.schemas import ProductView


def place_order(
    wanted: PlaceOrder, *, caller: Principal, idempotency_key: str | None = None
) -> OrderView:
    """Take an order on at today's prices. Whether there is enough is decided after.

    With a key, the same customer's same order is taken on once, however often and however
    many times at once it is sent; the answer is that order as it is now.

    Raises:
        UnknownProduct: one of the products does not exist.
        MixedCurrencies: they are not all sold in one currency.
        OrderTooLarge: the total is beyond what clients can read.
        IdempotencyKeyReused: the caller placed something else with this key.
    """
    placed = _placed_before(wanted, caller, idempotency_key)
    if placed is None:
        placed = _place(wanted, caller, idempotency_key)
    return view_of(placed, caller=caller)


def cancel_order(order_id: str, wanted: CancelOrder, *, caller: Principal) -> OrderView:
    """Call an order off; what was set aside for it becomes free by `order.cancelled`.

    Raises:
        OrderNotFound: there is none, or it is somebody else's and the caller is no operator.
        StepRefused: it has come too far.
    """
    order = find_order(order_id, caller=caller)
    cancelled = _cancel(order, mover_of(caller), wanted.reason)
    return view_of(cancelled, caller=caller)


def update_order_status(
    order_id: str, wanted: UpdateOrderStatus, *, caller: Principal
) -> OrderView:
    """Take an order a step further.

    Raises:
        Forbidden: the caller is no operator.
        OrderNotFound: there is none.
        StepRefused: it cannot go there from where it is.
        ShipmentMissing: it is shipped without a carrier or a tracking number.
        ShipmentTooEarly: they are said although it is not shipped.
    """
    require(caller, Role.OPERATOR)
    order = find_order(order_id, caller=caller)
    _check_shipment(wanted)
    if wanted.state is OrderState.CANCELLED:
        return view_of(_cancel(order, mover_of(caller), wanted.reason), caller=caller)
    shipment = {"carrier": wanted.carrier, "tracking_number": wanted.tracking_number}
    changed = take_step(
        order,
        Step(wanted.state, mover_of(caller), now(), wanted.reason),
        lambda found: announcements.status_changed(found, wanted.state, **shipment),
        **{f"set__{name}": value for name, value in shipment.items() if value},
    )
    return view_of(changed, caller=caller)


def _cancel(order: Order, mover: Mover, reason: str | None) -> Order:
    given = reason or announcements.unexplained(mover.actor)
    step = Step(OrderState.CANCELLED, mover, now(), given)
    return take_step(order, step, lambda found: announcements.cancelled(found, given, step.at))


def _check_shipment(wanted: UpdateOrderStatus) -> None:
    shipped = wanted.state is OrderState.SHIPPED
    for name in ("carrier", "tracking_number"):
        given = getattr(wanted, name) is not None
        if shipped and not given:
            raise ShipmentMissing(name)
        if given and not shipped:
            raise ShipmentTooEarly(name)


def _place(wanted: PlaceOrder, caller: Principal, idempotency_key: str | None) -> Order:
    products = get_products_by_id(item.product_id for item in wanted.items)
    items = [_order_item(item, products) for item in wanted.items]
    step = Step(OrderState.PLACED, Mover(Actor.CUSTOMER, caller.user_id), now())
    order = Order(
        customer_id=caller.user_id,
        items=items,
        total=_total(items),
        currency=_one_currency(products),
        state=OrderState.PLACED.value,
        history=[step.transition()],
        settle_at=step.settle_at(),
        correlation_id=correlation_id(),
        idempotency_key=idempotency_key,
        idempotency_digest=_digest(wanted) if idempotency_key else None,
    )
    try:
        outbox.insert(order, announcements.placed(order))
    except NotUniqueError:
        # The same order, sent at the same time, was faster.
        faster = _placed_before(wanted, caller, idempotency_key)
        if faster is None:
            raise
        return faster
    logger.info("order placed", order_id=order.id)
    return order


def _placed_before(
    wanted: PlaceOrder, caller: Principal, idempotency_key: str | None
) -> Order | None:
    if idempotency_key is None:
        return None
    found = Order.objects(customer_id=caller.user_id, idempotency_key=idempotency_key)
    order: Order | None = found.first()
    if order is not None and order.idempotency_digest != _digest(wanted):
        raise IdempotencyKeyReused
    return order


def _digest(wanted: PlaceOrder) -> str:
    """Return what tells this order from any other one; how it was written does not matter.

    Without defaults: a field that a later version adds must not change what was sent before.
    """
    return hashlib.sha256(wanted.model_dump_json(exclude_defaults=True).encode()).hexdigest()


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
