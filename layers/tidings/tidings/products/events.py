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


class ProductOutOfStockData(EventData):
    product_id: str
    sku: str
    title: str


class ProductOutOfStock(Event):
    """The last piece of a product on sale is gone."""

    source: Literal["tidings/products"] = "tidings/products"
    type: Literal["product.out_of_stock"] = "product.out_of_stock"
    data: ProductOutOfStockData


class ProductBackInStockData(EventData):
    product_id: str
    sku: str
    title: str
    stock: int


class ProductBackInStock(Event):
    """A product on sale, of which there was nothing left, can be had again."""

    source: Literal["tidings/products"] = "tidings/products"
    type: Literal["product.back_in_stock"] = "product.back_in_stock"
    data: ProductBackInStockData


class ProductPriceDroppedData(EventData):
    product_id: str
    sku: str
    title: str
    old_price: int
    new_price: int
    currency: str


class ProductPriceDropped(Event):
    """A product on sale costs less than before; prices are in minor units."""

    source: Literal["tidings/products"] = "tidings/products"
    type: Literal["product.price_dropped"] = "product.price_dropped"
    data: ProductPriceDroppedData
