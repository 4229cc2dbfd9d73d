"""What the products' operations refuse."""

from tidings.platform.errors import Conflict, Forbidden, NotFound, RuleRefused


class SkuTaken(Conflict):
    def __init__(self, sku: str) -> None:
        super().__init__(f"There is a product with the SKU {sku} already.", field="sku")


class ProductNotFound(NotFound):
    def __init__(self, product_id: str) -> None:
        super().__init__(f"There is no product {product_id}.", field="product_id")


class StaleVersion(Conflict):
    def __init__(self, current: int) -> None:
        message = f"The product was changed meanwhile: it is at version {current}."
        super().__init__(message, field="version")


class ImpossibleState(RuleRefused):
    def __init__(self, state: str, wanted: str) -> None:
        message = f"A product that is {state} cannot become {wanted}."
        super().__init__(message, field="state")


class NotEnoughStock(RuleRefused):
    def __init__(self, stock: int) -> None:
        super().__init__(f"Stock is never below zero; there are {stock}.", field="change")


class TooMuchStock(RuleRefused):
    def __init__(self, most: int) -> None:
        super().__init__(f"Stock is never above {most}.", field="change")


class StateNotShown(Forbidden):
    def __init__(self) -> None:
        super().__init__("Only operators see products that are not active.", field="state")


class ColumnsRefused(RuleRefused):
    def __init__(self, message: str) -> None:
        super().__init__(message, field="columns")
