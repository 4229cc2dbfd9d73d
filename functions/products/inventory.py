"""Consumer of the queue `inventory`: sets stock aside for orders, and gives it back."""

from tidings.orders.events import OrderCancelled, OrderPlaced
from tidings.platform.consumer import consumer
from tidings.products.schemas import StockLine
from tidings.products.stock import release_stock, reserve_stock


@consumer(OrderPlaced, OrderCancelled)
def handler(event: OrderPlaced | OrderCancelled) -> None:
    match event:
        case OrderPlaced():
            lines = [StockLine(**line.model_dump()) for line in event.data.lines]
            reserve_stock(event.data.order_id, lines)
        case OrderCancelled():
            release_stock(event.data.order_id)
