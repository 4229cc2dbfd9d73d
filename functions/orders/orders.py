"""Consumer of the queue `orders`: applies the inventory's decisions to orders.

- inventory.reserved: confirms the order
- inventory.rejected: rejects the order
- inventory.released: completes the cancellation of the order
"""

from tidings.orders.decisions import (
    confirm_order,
    decide_together,
    note_stock_released,
    reject_order,
)
from tidings.platform.entry.consumer import consumer
from tidings.products.events import InventoryRejected, InventoryReleased, InventoryReserved


@consumer(InventoryReserved, InventoryRejected, InventoryReleased, together=decide_together)
def handler(event: InventoryReserved | InventoryRejected | InventoryReleased) -> None:
    match event:
        case InventoryReserved():
            confirm_order(event.data.order_id)
        case InventoryRejected():
            reject_order(event.data.order_id, reason=event.data.reason)
        case InventoryReleased():
            note_stock_released(event.data.order_id)
