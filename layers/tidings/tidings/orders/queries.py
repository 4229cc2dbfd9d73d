"""What can be asked about orders."""

from collections.abc import Sequence
from datetime import datetime
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
from tidings.orders.states import OrderState
from tidings.platform.auth import Principal, Role, require_self
from tidings.platform.pagination import Page, PageRequest, paginate, paginate_each

# Orders of which nothing came are no purchases.
FELL_THROUGH: Final = [OrderState.REJECTED.value, OrderState.CANCELLED.value]


def get_order(order_id: str, *, caller: Principal) -> OrderView:
    """Return an order.

    Raises:
        OrderNotFound: there is none, or it is somebody else's and the caller is no operator
            (who may not learn that it exists).
    """
    return view_of(find_order(order_id, caller=caller), caller=caller)


def get_orders(page: PageRequest, wanted: OrderFilter, *, caller: Principal) -> Page[OrderView]:
    """Return a page of orders, newest first: the caller's own, or all of them for operators.

    Raises:
        Forbidden: somebody else's are asked for, and the caller is no operator.
    """
    found = Order.objects(**_conditions(wanted, caller)).exclude("outbox")
    return paginate(found, page).map(lambda order: view_of(order, caller=caller))


def get_orders_of_customers(
    customer_ids: Sequence[str], page: PageRequest, *, caller: Principal
) -> dict[str, Page[OrderView]]:
    """Return a page of each customer's orders, newest first, all in one round trip.

    Raises:
        Forbidden: one of them is somebody else, and the caller is no operator.
    """
    for customer_id in customer_ids:
        require_self(caller, customer_id)

    def view(order: Order) -> OrderView:
        return view_of(order, caller=caller)

    pages = paginate_each(Order, "customer_id", customer_ids, page)
    return {customer_id: each.map(view) for customer_id, each in pages.items()}


def products_bought(customer_ids: Sequence[str]) -> dict[str, set[str]]:
    """Return the ids of the products that each of these customers ever bought."""
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
        OrderNotFound: there is none, or it is somebody else's and the caller is no operator.
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
        customer_id = customer_id or caller.user_id
        require_self(caller, customer_id)
    conditions = {
        "customer_id": customer_id,
        "state": wanted.state.value if wanted.state else None,
        "created_at__gte": wanted.created_from,
        "created_at__lt": wanted.created_before,
    }
    return {name: value for name, value in conditions.items() if value is not None}


def view_of(order: Order, *, caller: Principal) -> OrderView:
    return OrderView(
        id=order.id,
        customer_id=order.customer_id,
        state=order.state,
        items=[
            OrderItemView(
                product_id=item.product_id,
                sku=item.sku,
                title=item.title,
                quantity=item.quantity,
                unit_price=Amount(amount=item.unit_price, currency=order.currency),
            )
            for item in order.items
        ],
        total=Amount(amount=order.total, currency=order.currency),
        history=[_transition_view(each, caller) for each in order.history],
        carrier=order.carrier,
        tracking_number=order.tracking_number,
        correlation_id=order.correlation_id,
        created_at=order.created_at,
    )


def _transition_view(transition: Transition, caller: Principal) -> TransitionView:
    """Say who it was to operators, and to people about themselves."""
    view = TransitionView.model_validate(transition)
    known = caller.role.includes(Role.OPERATOR) or view.user_id == caller.user_id
    return view if known else view.model_copy(update={"user_id": None})
