"""Consumer of the queue `orders`: what the inventory decided becomes the order's state."""

from tidings.orders.operations import confirm_order, reject_order
from tidings.platform.consumer import consumer
from tidings.products.events import InventoryRejected, InventoryReserved


@consumer(InventoryReserved, InventoryRejected)
def handler(event: InventoryReserved | InventoryRejected) -> None:
    match event:
        case InventoryReserved():
            confirm_order(event.data.order_id)
        case InventoryRejected():
            reject_order(event.data.order_id, reason=event.data.reason)
