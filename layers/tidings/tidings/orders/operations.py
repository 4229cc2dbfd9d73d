"""Operations on orders."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

from tidings.orders import announcements, vouchers
from tidings.orders.errors import (
    IdempotencyKeyReused,
    MixedCurrencies,
    OrderNotFound,
    OrderTooLarge,
    RepeatedProduct,
    ShipmentMissing,
    ShipmentTooEarly,
    StepRefused,
    UnknownProduct,
)
from tidings.orders.events import OrderPlaced
from tidings.orders.models import Order, OrderItem
from tidings.orders.queries import find_order, sums_of, view_of
from tidings.orders.schemas import (
    MAX_TOTAL,
    CancelOrder,
    OrderPreview,
    OrderView,
    PlaceOrder,
    PlaceOrderItem,
    UpdateOrderStatus,
)
from tidings.orders.states import Actor, OrderState
from tidings.orders.steps import Mover, Step, mover_of, take_step
from tidings.orders.vouchers import VOUCHER_REFUSED
from tidings.platform.context import correlation_id
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.operation import Whose, operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.once import digest_of, once
from tidings.platform.timing.clock import now
from tidings.products.queries import get_products_by_id
from tidings.products.schemas import ProductView
from tidings.vouchers.errors import VoucherRefused

ITEMS_REFUSED: Final = (UnknownProduct, MixedCurrencies, OrderTooLarge, RepeatedProduct)


@operation(role=Role.CUSTOMER, refuses=(*ITEMS_REFUSED, *VOUCHER_REFUSED, IdempotencyKeyReused))
def place_order(
    wanted: PlaceOrder, *, caller: Principal, idempotency_key: str | None = None
) -> OrderView:
    """Place an order at current prices. Its stock is checked afterwards.

    A voucher that does not fit refuses the order; the full price is never charged instead.

    With a key, the customer's order is placed once, however often it is sent, also concurrently.
    The answer is the current state of that order.

    Raises:
        UnknownProduct: one of the products does not exist.
        MixedCurrencies: the products have different currencies.
        OrderTooLarge: clients could not read the total exactly.
        VoucherRefused: the voucher does not fit this order.
        RateLimited: the caller sent too many unknown codes of vouchers.
        IdempotencyKeyReused: the caller used this key for an order with different content.
    """
    if idempotency_key is None:
        return view_of(_place(wanted, caller), caller=caller)
    remembered = {"idempotency_key": idempotency_key, "content_digest": _digest(wanted)}
    find = Order.objects(customer_id=caller.user_id, idempotency_key=idempotency_key).first

    def place() -> Order:
        try:
            return _place(wanted, caller, **remembered)
        except VoucherRefused:
            # A concurrent request with this key may have used the voucher.
            if (faster := find()) is None:
                raise
            return cast("Order", faster)

    placed = once(remembered["content_digest"], find, place, reused=IdempotencyKeyReused)
    return view_of(placed, caller=caller)


@operation(role=Role.CUSTOMER, refuses=(*ITEMS_REFUSED, *VOUCHER_REFUSED), writes=False)
def preview_order(
    wanted: PlaceOrder, *, caller: Principal, at: datetime | None = None
) -> OrderPreview:
    """Return what an order would cost, with its voucher. Nothing is stored or reserved.

    Raises:
        UnknownProduct: one of the products does not exist.
        MixedCurrencies: the products have different currencies.
        OrderTooLarge: clients could not read the total exactly.
        VoucherRefused: the voucher does not fit this order.
        RateLimited: the caller sent too many unknown codes of vouchers.
    """
    order = _drafted(wanted, caller)
    if wanted.voucher_code is not None:
        vouchers.apply(wanted.voucher_code, order, at or now())
    return OrderPreview.model_construct(**sums_of(order), voucher_code=order.voucher_code)


@operation(
    role=Role.CUSTOMER,
    whose=Whose.OWN_OR_OPERATOR,
    others=OrderNotFound,
    refuses=(OrderNotFound, StepRefused),
    note="a customer until it is packed, an operator until it is shipped",
)
def cancel_order(order_id: str, wanted: CancelOrder, *, caller: Principal) -> OrderView:
    """Cancel an order; the event `order.cancelled` releases its stock.

    Raises:
        OrderNotFound: it does not exist, or belongs to another user and the caller is not an
            operator.
        StepRefused: its state does not allow a cancellation.
    """
    order = find_order(order_id, caller=caller)
    cancelled = _cancel(order, mover_of(caller), wanted.reason)
    return view_of(cancelled, caller=caller)


@operation(
    role=Role.OPERATOR,
    refuses=(OrderNotFound, StepRefused, ShipmentMissing, ShipmentTooEarly),
)
def update_order_status(
    order_id: str, wanted: UpdateOrderStatus, *, caller: Principal
) -> OrderView:
    """Change the state of an order.

    Raises:
        OrderNotFound: the order does not exist.
        StepRefused: its state does not allow this change.
        ShipmentMissing: it is shipped without a carrier or a tracking number.
        ShipmentTooEarly: it has a carrier or a tracking number but is not shipped.
    """
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


def _place(wanted: PlaceOrder, caller: Principal, **remembered: str) -> Order:
    step = Step(OrderState.PLACED, Mover(Actor.CUSTOMER, caller.user_id), now())
    order = _drafted(
        wanted,
        caller,
        state=OrderState.PLACED.value,
        settle_at=step.settle_at(),
        correlation_id=correlation_id(),
        **remembered,
    )

    def announced() -> OrderPlaced:
        event = announcements.placed(order)
        order.history = [step.transition(order, event)]
        return event

    if wanted.voucher_code is None:
        outbox.insert(order, announced())
    else:
        vouchers.insert_with(wanted.voucher_code, order, announced, step.at)
    logger.info("order placed", order_id=order.id, voucher_id=order.voucher_id)
    return order


def _drafted(wanted: PlaceOrder, caller: Principal, **more: Any) -> Order:
    """Return an order at current prices, without a voucher."""
    products = get_products_by_id(item.product_id for item in wanted.items)
    items = [_order_item(item, products) for item in wanted.items]
    return Order(
        customer_id=caller.user_id,
        items=items,
        total=_total(items),
        currency=_one_currency(products),
        **more,
    )


def _digest(wanted: PlaceOrder) -> str:
    """Return a digest of the order's content, whatever its JSON notation.

    Defaults are left out, so that a field added by a later version does not change old digests.
    """
    return digest_of(wanted.model_dump_json(exclude_defaults=True))


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
        raise OrderTooLarge(MAX_TOTAL)
    return total


def _one_currency(products: Mapping[str, ProductView]) -> str:
    currencies = {product.price.currency for product in products.values()}
    if len(currencies) != 1:
        raise MixedCurrencies
    return currencies.pop()
