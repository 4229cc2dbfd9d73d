"""Consumer of the queue `inventory`: sets stock aside for orders."""

from tidings.orders.events import OrderPlaced
from tidings.platform.consumer import consumer
from tidings.products.schemas import StockLine
from tidings.products.stock import reserve_stock


@consumer(OrderPlaced)
def handler(event: OrderPlaced) -> None:
    lines = [StockLine(**line.model_dump()) for line in event.data.lines]
    reserve_stock(event.data.order_id, lines)
