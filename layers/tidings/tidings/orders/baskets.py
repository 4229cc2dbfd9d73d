"""Operations on a person's own basket: what they mean to order, stored on the server.

A basket has no prices: they are read from the catalogue with it. Each change gives it a new
`state`, so a client orders what it has shown, and a repeated order is the same order.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from pymongo.errors import DuplicateKeyError

from tidings.orders.errors import BasketChanged, BasketFull, IdempotencyKeyReused, UnknownProduct
from tidings.orders.models import Basket, Order
from tidings.orders.operations import ITEMS_REFUSED, place_order
from tidings.orders.queries import view_of
from tidings.orders.schemas import (
    Amount,
    BasketLineView,
    BasketView,
    OrderBasket,
    OrderView,
    PlaceOrder,
    SetBasketLine,
)
from tidings.orders.vouchers import VOUCHER_REFUSED
from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.retention import stored as retention
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.rows import row
from tidings.platform.timing.clock import new_id, now
from tidings.products.queries import get_products_by_id
from tidings.products.schemas import ProductView

# Fewer than an order may have, so that every basket can be ordered.
MAX_LINES: Final = 50
KEPT_FOR: Final[timedelta] = retention.BASKETS.period


@operation(role=Role.CUSTOMER, writes=False, note="the caller's own")
def get_basket(*, caller: Principal) -> BasketView:
    """Return the caller's basket at current prices; it may be empty."""
    return _view(row(Basket, {"_id": caller.user_id}))


@operation(role=Role.CUSTOMER, refuses=(UnknownProduct, BasketFull), note="the caller's own")
def set_basket_line(
    product_id: str, wanted: SetBasketLine, *, caller: Principal, at: datetime | None = None
) -> BasketView:
    """Set the number of pieces of a product in the caller's basket; 0 removes it. Safe to repeat.

    Raises:
        UnknownProduct: the product does not exist, or is not on sale.
        BasketFull: the basket has too many products.
    """
    before = row(Basket, {"_id": caller.user_id})
    lines = dict(before.lines) if before else {}
    if lines.get(product_id, 0) == wanted.quantity:
        return _view(before)
    if wanted.quantity == 0:
        return _view(_changed(caller.user_id, {"$unset": {f"lines.{product_id}": 1}}, at or now()))
    if product_id not in get_products_by_id([product_id]):
        raise UnknownProduct(product_id)
    if product_id not in lines and len(lines) >= MAX_LINES:
        raise BasketFull(MAX_LINES)
    update = {"$set": {f"lines.{product_id}": wanted.quantity}}
    return _view(_changed(caller.user_id, update, at or now()))


@operation(
    role=Role.CUSTOMER,
    refuses=(BasketChanged, IdempotencyKeyReused, *ITEMS_REFUSED, *VOUCHER_REFUSED),
    note="the caller's own",
)
def order_basket(wanted: OrderBasket, *, caller: Principal) -> OrderView:
    """Place an order of the caller's basket at current prices, and empty the basket.

    A repeated request returns the same order. If the basket changes meanwhile, it stays.

    Raises:
        BasketChanged: the basket is empty, or not in this state any more.
        UnknownProduct: a product is no longer on sale.
        MixedCurrencies: the products have different currencies.
        VoucherRefused: the voucher does not fit this order.
        IdempotencyKeyReused: it was ordered with another voucher a moment ago.
    """
    key = _key(wanted.state)
    basket = row(Basket, {"_id": caller.user_id, "state": wanted.state})
    if basket is None or not basket.lines:
        placed = Order.objects(customer_id=caller.user_id, idempotency_key=key).first()
        if placed is None:
            raise BasketChanged
        return view_of(placed, caller=caller)
    items = [{"product_id": each, "quantity": number} for each, number in basket.lines.items()]
    content = PlaceOrder.model_validate({"items": items, "voucher_code": wanted.voucher_code})
    order = place_order(content, caller=caller, idempotency_key=key)
    Basket.objects(pk=caller.user_id, state=wanted.state).delete()
    logger.info("basket ordered", order_id=order.id)
    return order


def forget(user_id: str) -> None:
    """Delete a person's basket."""
    Basket.objects(pk=user_id).delete()


def _changed(user_id: str, update: dict[str, Any], at: datetime) -> Any:
    """Change a basket, and give it a new state; return its row, or None if it is empty now."""
    touched = {
        "state": new_id(),
        "changed_at": at,
        "untouched_since": at,
        "expires_at": at + KEPT_FOR,
    }
    change = update | {"$set": update.get("$set", {}) | touched}
    baskets = Basket._get_collection()
    try:
        baskets.update_one({"_id": user_id}, change, upsert=True)
    except DuplicateKeyError:  # another request made it at the same moment
        baskets.update_one({"_id": user_id}, change)
    baskets.delete_one({"_id": user_id, "lines": {}})
    return row(Basket, {"_id": user_id})


def _view(basket: Any) -> BasketView:
    lines = dict(basket.lines) if basket else {}
    products = get_products_by_id(lines) if lines else {}
    views = [_line(each, number, products.get(each)) for each, number in lines.items()]
    return BasketView(
        state=basket.state if lines else None,
        lines=views,
        total=_total(views),
        changed_at=basket.changed_at if lines else None,
        expires_at=basket.expires_at if lines else None,
    )


def _line(product_id: str, quantity: int, product: ProductView | None) -> BasketLineView:
    if product is None:
        return BasketLineView(product_id=product_id, quantity=quantity)
    price = Amount(amount=product.price.amount, currency=product.price.currency)
    return BasketLineView(
        product_id=product_id,
        quantity=quantity,
        title=product.title,
        unit_price=price,
        in_stock=product.stock >= quantity,
    )


def _total(lines: list[BasketLineView]) -> Amount | None:
    """Return the sum of a basket; None if it cannot be ordered as it is."""
    prices = [each.unit_price for each in lines]
    currencies = {each.currency if each else None for each in prices}
    if len(currencies) != 1 or None in currencies:
        return None
    total = sum(each.unit_price.amount * each.quantity for each in lines if each.unit_price)
    return Amount(amount=total, currency=str(currencies.pop()))


def _key(state: str) -> str:
    """Return the idempotency key of the order of a basket in this state."""
    return f"basket-{state}"
