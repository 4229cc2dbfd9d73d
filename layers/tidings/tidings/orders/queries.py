"""Queries of orders."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from tidings.orders.errors import OrderNotFound
from tidings.orders.models import Order, Transition
from tidings.orders.schemas import (
    Amount,
    OrderFilter,
    OrderItemView,
    OrderView,
    TransitionView,
)
from tidings.orders.states import Actor, OrderState
from tidings.platform.errors import Forbidden
from tidings.platform.operation import Whose, operation
from tidings.platform.security.auth import Principal, Role, require_self
from tidings.platform.storage.pagination import Page, PageRequest, paginate, paginate_each
from tidings.platform.storage.rows import row, rows
from tidings.platform.timing.clock import first_id

# Orders in these states are not purchases.
FELL_THROUGH: Final = [OrderState.REJECTED.value, OrderState.CANCELLED.value]
# An order gets its id and its time in the same call, which no function's timeout lets last longer.
CREATED_WITHIN: Final = timedelta(minutes=1)


@operation(
    role=Role.CUSTOMER,
    whose=Whose.OWN_OR_OPERATOR,
    others=OrderNotFound,
    refuses=(OrderNotFound,),
    writes=False,
)
def get_order(order_id: str, *, caller: Principal) -> OrderView:
    """Return an order.

    Raises:
        OrderNotFound: it does not exist, or belongs to another user and the caller is not an
            operator. The caller cannot tell which.
    """
    order = row(Order, {"_id": order_id})
    if order is None or not _may_see(order, caller):
        raise OrderNotFound
    return view_of(order, caller=caller)


@operation(
    role=Role.CUSTOMER,
    refuses=(Forbidden,),
    writes=False,
    note="orders of others: operator",
)
def get_orders(page: PageRequest, wanted: OrderFilter, *, caller: Principal) -> Page[OrderView]:
    """Return a page of orders, newest first: the caller's own, or all of them for operators.

    Raises:
        Forbidden: the filter names another customer, and the caller is not an operator.
    """
    found = Order.objects(**_conditions(wanted, caller)).exclude("outbox")
    return paginate(found, page).map(lambda order: view_of(order, caller=caller))


def get_orders_of_customers(
    customer_ids: Sequence[str], page: PageRequest, *, caller: Principal
) -> dict[str, Page[OrderView]]:
    """Return a page of each customer's orders, newest first, in one round trip.

    Raises:
        Forbidden: one of them is another user, and the caller is not an operator.
    """
    for customer_id in customer_ids:
        require_self(caller, customer_id)

    def view(order: Order) -> OrderView:
        return view_of(order, caller=caller)

    pages = paginate_each(Order, "customer_id", customer_ids, page)
    return {customer_id: each.map(view) for customer_id, each in pages.items()}


def latest_orders(customer_id: str, at_most: int) -> list[Any]:
    """Return the rows of a customer's latest orders, without checking the caller's rights."""
    found = Order.objects(customer_id=customer_id).only("state", "created_at", "correlation_id")
    return list(rows(found.order_by("-id").limit(at_most)))


def products_bought(customer_ids: Sequence[str]) -> dict[str, set[str]]:
    """Return the ids of the products that each of these customers has bought."""
    bought = Order._get_collection().aggregate(
        [
            {"$match": {"customer_id": {"$in": customer_ids}, "state": {"$nin": FELL_THROUGH}}},
            {"$unwind": "$items"},
            {"$group": {"_id": "$customer_id", "products": {"$addToSet": "$items.product_id"}}},
        ]
    )
    return {each["_id"]: set(each["products"]) for each in bought}


def ordered_since(customer_ids: Sequence[str], since: datetime) -> frozenset[str]:
    """Return those of these customers who have placed an order since then."""
    recent = Order.objects(customer_id__in=customer_ids, created_at__gte=since)
    return frozenset(recent.distinct("customer_id"))


def find_order(order_id: str, *, caller: Principal) -> Order:
    """Return an order's document.

    Raises:
        OrderNotFound: it does not exist, or belongs to another user and the caller is not an
            operator.
    """
    order: Order | None = Order.objects(pk=order_id).first()
    if order is None or not _may_see(order, caller):
        raise OrderNotFound
    return order


def _may_see(order: Order, caller: Principal) -> bool:
    return order.customer_id == caller.user_id or caller.role.includes(Role.OPERATOR)


def _conditions(wanted: OrderFilter, caller: Principal) -> dict[str, Any]:
    customer_id = wanted.customer_id
    if not caller.role.includes(Role.OPERATOR):
        customer_id = caller.user_id if customer_id is None else customer_id
        require_self(caller, customer_id)
    begin, end = wanted.created_from, wanted.created_before
    conditions = {
        "customer_id": customer_id,
        "state": wanted.state.value if wanted.state else None,
        "voucher_id": wanted.voucher_id,
        "created_at__gte": begin,
        "created_at__lt": end,
        # Ids sort by time, and lists by ids: one range of an index in the order of the list, where
        # a range of times would have to be read and sorted as a whole.
        "pk__gte": first_id(begin - CREATED_WITHIN) if begin else None,
        "pk__lt": first_id(end + CREATED_WITHIN) if end else None,
    }
    return {name: value for name, value in conditions.items() if value is not None}


def view_of(order: Order, *, caller: Principal) -> OrderView:
    # Stored orders are valid: to check each again took half of the time of making the views.
    return OrderView.model_construct(
        id=order.id,
        customer_id=order.customer_id,
        state=OrderState(order.state),
        **sums_of(order),
        voucher_code=order.voucher_code,
        voucher_id=order.voucher_id,
        history=[_transition_view(each, caller) for each in order.history],
        carrier=order.carrier,
        tracking_number=order.tracking_number,
        correlation_id=order.correlation_id,
        created_at=order.created_at,
    )


def sums_of(order: Order) -> dict[str, Any]:
    """Return the items of an order, and its sums, as views have them."""
    currency = order.currency
    items = [
        OrderItemView.model_construct(
            product_id=item.product_id,
            sku=item.sku,
            title=item.title,
            quantity=item.quantity,
            unit_price=Amount.model_construct(amount=item.unit_price, currency=currency),
        )
        for item in order.items
    ]
    total = Amount.model_construct(amount=order.total, currency=currency)
    if not order.discount:  # most orders; a list of them should not pay for vouchers
        return {"items": items, "subtotal": total, "discount": _nothing(currency), "total": total}
    return {
        "items": items,
        "subtotal": Amount.model_construct(amount=order.subtotal, currency=currency),
        "discount": Amount.model_construct(amount=order.discount, currency=currency),
        "total": total,
    }


@cache
def _nothing(currency: str) -> Amount:
    return Amount.model_construct(amount=0, currency=currency)


def _transition_view(transition: Transition, caller: Principal) -> TransitionView:
    """Return a step; only operators and the person themself see `user_id`."""
    user_id = transition.user_id
    known = user_id == caller.user_id or caller.role.includes(Role.OPERATOR)
    return TransitionView.model_construct(
        state=OrderState(transition.state),
        at=transition.at,
        actor=Actor(transition.actor),
        user_id=user_id if known else None,
        reason=transition.reason,
    )
