"""Consumer of the queue `orders`: what the inventory decided becomes the order's state."""

from tidings.orders.operations import confirm_order, note_stock_released, reject_order
from tidings.platform.consumer import consumer
from tidings.products.events import InventoryRejected, InventoryReleased, InventoryReserved


@consumer(InventoryReserved, InventoryRejected, InventoryReleased)
def handler(event: InventoryReserved | InventoryRejected | InventoryReleased) -> None:
    match event:
        case InventoryReserved():
            confirm_order(event.data.order_id)
        case InventoryRejected():
            reject_order(event.data.order_id, reason=event.data.reason)
        case InventoryReleased():
            note_stock_released(event.data.order_id)
