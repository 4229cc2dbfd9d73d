"""What the products announce."""

from typing import Literal

from tidings.platform.events import Event, EventData


class InventoryReservedData(EventData):
    order_id: str


class InventoryReserved(Event):
    """All pieces of an order are set aside for it."""

    source: Literal["tidings/products"] = "tidings/products"
    type: Literal["inventory.reserved"] = "inventory.reserved"
    data: InventoryReservedData


class InventoryRejectedData(EventData):
    order_id: str
    reason: str


class InventoryRejected(Event):
    """An order asks for more than there is; nothing was set aside."""

    source: Literal["tidings/products"] = "tidings/products"
    type: Literal["inventory.rejected"] = "inventory.rejected"
    data: InventoryRejectedData


class InventoryReleasedData(EventData):
    order_id: str


class InventoryReleased(Event):
    """Nothing is set aside any more for an order that is off, and nothing will be."""

    source: Literal["tidings/products"] = "tidings/products"
    type: Literal["inventory.released"] = "inventory.released"
    data: InventoryReleasedData
