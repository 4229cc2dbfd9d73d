"""The events that products publish."""

from datetime import datetime
from typing import Literal

from tidings.platform.messaging.events import Event, EventData


class InventoryReservedData(EventData):
    order_id: str


class InventoryReserved(Event):
    """The stock of an order is reserved."""

    source: Literal["tidings/products"] = "tidings/products"
    type: Literal["inventory.reserved"] = "inventory.reserved"
    data: InventoryReservedData


class InventoryRejectedData(EventData):
    order_id: str
    reason: str


class InventoryRejected(Event):
    """An order needs more stock than there is; nothing was reserved."""

    source: Literal["tidings/products"] = "tidings/products"
    type: Literal["inventory.rejected"] = "inventory.rejected"
    data: InventoryRejectedData


class InventoryReleasedData(EventData):
    order_id: str


class InventoryReleased(Event):
    """A cancelled order has no reserved stock and will get none."""

    source: Literal["tidings/products"] = "tidings/products"
    type: Literal["inventory.released"] = "inventory.released"
    data: InventoryReleasedData


class ProductOutOfStockData(EventData):
    product_id: str
    sku: str
    title: str


class ProductOutOfStock(Event):
    """The last piece of an active product is gone."""

    source: Literal["tidings/products"] = "tidings/products"
    type: Literal["product.out_of_stock"] = "product.out_of_stock"
    data: ProductOutOfStockData


class ProductBackInStockData(EventData):
    product_id: str
    sku: str
    title: str
    stock: int


class ProductBackInStock(Event):
    """An active product that was out of stock is available again."""

    source: Literal["tidings/products"] = "tidings/products"
    type: Literal["product.back_in_stock"] = "product.back_in_stock"
    data: ProductBackInStockData


class StockNoticeRequestedData(EventData):
    user_id: str
    product_id: str
    title: str
    confirm_url: str
    valid_until: datetime


class StockNoticeRequested(Event):
    """An address was given, to be told when a product is back; its owner has to confirm.

    `user_id` is a guest's.
    """

    source: Literal["tidings/products"] = "tidings/products"
    type: Literal["stock.notice_requested"] = "stock.notice_requested"
    data: StockNoticeRequestedData


class ProductPriceDroppedData(EventData):
    product_id: str
    sku: str
    title: str
    old_price: int
    new_price: int
    currency: str


class ProductPriceDropped(Event):
    """The price of an active product fell; prices are in minor units."""

    source: Literal["tidings/products"] = "tidings/products"
    type: Literal["product.price_dropped"] = "product.price_dropped"
    data: ProductPriceDroppedData
