"""Consumer of the queue `inventory`: reserves and releases stock for orders.

- order.placed: reserves the stock of the order, or rejects it
- order.cancelled: releases the stock of the order
"""

from tidings.orders.events import OrderCancelled, OrderPlaced
from tidings.platform.entry.consumer import consumer
from tidings.products.reserving import reserve_together
from tidings.products.schemas import StockLine
from tidings.products.stock import release_stock, reserve_stock


@consumer(OrderPlaced, OrderCancelled, together=reserve_together)
def handler(event: OrderPlaced | OrderCancelled) -> None:
    match event:
        case OrderPlaced():
            lines = [StockLine(**line.model_dump()) for line in event.data.lines]
            reserve_stock(event.data.order_id, lines)
        case OrderCancelled():
            release_stock(event.data.order_id)
