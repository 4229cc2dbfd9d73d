"""What orders' fields need besides their operations."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel

from resolvers.caller import Info
from resolvers.loading import MaybeLater
from tidings.orders.schemas import OrderItemView, OrderView, UpdateOrderStatus
from tidings.platform.inputs.idempotency import IdempotencyKey
from tidings.platform.inputs.ids import DocumentId
from tidings.products.schemas import ProductView
from tidings.users.schemas import UserView


class PlaceOrderArguments(BaseModel):
    """The arguments of `placeOrder` besides its input; errors name the argument."""

    idempotency_key: IdempotencyKey | None = None


class UpdateOrderStatusInput(UpdateOrderStatus):
    """GraphQL has the order's id in the input; REST has it in the path."""

    order_id: DocumentId


def expected(orders: Sequence[OrderView]) -> Mapping[str, Iterable[str]]:
    return {
        "products": (item.product_id for order in orders for item in order.items),
        "users": (order.customer_id for order in orders),
    }


def customer(order: OrderView, info: Info) -> MaybeLater[UserView]:
    return info.context.loaders.users.load(order.customer_id)


def product(item: OrderItemView, info: Info) -> MaybeLater[ProductView]:
    return info.context.loaders.products.load(item.product_id)
