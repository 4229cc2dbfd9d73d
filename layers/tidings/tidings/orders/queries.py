"""What can be asked about orders."""

from collections.abc import Sequence

from tidings.orders.errors import OrderNotFound
from tidings.orders.models import Order
from tidings.orders.schemas import Amount, OrderItemView, OrderView, TransitionView
from tidings.platform.auth import Principal, Role, require_self
from tidings.platform.pagination import Page, PageRequest, paginate_each


def get_order(order_id: str, *, caller: Principal) -> OrderView:
    """Return an order.

    Raises:
        OrderNotFound: there is none, or it is somebody else's and the caller is no operator
            (who may not learn that it exists).
    """
    order = Order.objects(pk=order_id).first()
    if order is None:
        raise OrderNotFound
    if order.customer_id != caller.user_id and not caller.role.includes(Role.OPERATOR):
        raise OrderNotFound
    return view_of(order)


def get_orders_of_customers(
    customer_ids: Sequence[str], page: PageRequest, *, caller: Principal
) -> dict[str, Page[OrderView]]:
    """Return a page of each customer's orders, newest first, all in one round trip.

    Raises:
        Forbidden: one of them is somebody else, and the caller is no operator.
    """
    for customer_id in customer_ids:
        require_self(caller, customer_id)
    pages = paginate_each(Order, "customer_id", customer_ids, page)
    return {customer_id: each.map(view_of) for customer_id, each in pages.items()}


def view_of(order: Order) -> OrderView:
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
        history=[TransitionView.model_validate(each) for each in order.history],
        correlation_id=order.correlation_id,
        created_at=order.created_at,
    )
