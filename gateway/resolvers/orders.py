"""What orders' fields need besides their operations."""

from pydantic import BaseModel

from resolvers.caller import Info
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


async def customer(order: OrderView, info: Info) -> UserView | None:
    return await info.context.loaders.users.load(order.customer_id)


async def product(item: OrderItemView, info: Info) -> ProductView | None:
    return await info.context.loaders.products.load(item.product_id)
