"""What the products' operations refuse."""

from tidings.platform.errors import Conflict, NotFound


class SkuTaken(Conflict):
    def __init__(self, sku: str) -> None:
        super().__init__(f"There is a product with the SKU {sku} already.", field="sku")


class ProductNotFound(NotFound):
    def __init__(self, product_id: str) -> None:
        super().__init__(f"There is no product {product_id}.", field="product_id")
