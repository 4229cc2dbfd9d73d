"""Errors that product operations raise."""

from tidings.platform.errors import Conflict, Forbidden, NotFound, RuleRefused


class SkuTaken(Conflict):
    def __init__(self, sku: str) -> None:
        super().__init__(f"A product with the SKU {sku} already exists.", field="sku")


class ProductNotFound(NotFound):
    def __init__(self, product_id: str) -> None:
        super().__init__(f"There is no product {product_id}.", field="product_id")


class StaleVersion(Conflict):
    def __init__(self, current: int) -> None:
        message = f"The product changed meanwhile: its version is now {current}."
        super().__init__(message, field="version")


class ImpossibleState(RuleRefused):
    def __init__(self, state: str, wanted: str) -> None:
        message = f"A product that is {state} cannot become {wanted}."
        super().__init__(message, field="state")


class NotEnoughStock(RuleRefused):
    def __init__(self, stock: int) -> None:
        super().__init__(f"Stock cannot fall below zero; it is {stock}.", field="change")


class TooMuchStock(RuleRefused):
    def __init__(self, most: int) -> None:
        super().__init__(f"Stock cannot exceed {most}.", field="change")


class StateNotShown(Forbidden):
    def __init__(self) -> None:
        super().__init__("Only operators see products that are not active.", field="state")


class ColumnsRefused(RuleRefused):
    """The file lacks required columns, or has unknown or repeated ones."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="columns")


class ProductInStock(Conflict):
    def __init__(self, stock: int) -> None:
        super().__init__(f"The product is in stock: {stock} pieces.", field="product_id")


class AddressNeeded(RuleRefused):
    def __init__(self) -> None:
        super().__init__("Sign in, or send an address.", field="email")


class TooManySubscriptions(RuleRefused):
    def __init__(self, most: int) -> None:
        super().__init__(
            f"You wait for {most} products, which is the most. End some first.", field="product_id"
        )


class BadStockLink(NotFound):
    def __init__(self) -> None:
        super().__init__("This link is not ours, or it is too old. Please ask again in the shop.")
