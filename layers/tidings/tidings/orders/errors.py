"""What the orders' operations refuse."""

from tidings.platform.errors import NotFound, RuleRefused


class OrderNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such order.")


class UnknownProduct(RuleRefused):
    def __init__(self, product_id: str) -> None:
        super().__init__(f"There is no product {product_id}.", field="items.product_id")


class MixedCurrencies(RuleRefused):
    def __init__(self) -> None:
        super().__init__("One order is paid in one currency.", field="items")


class OrderTooLarge(RuleRefused):
    def __init__(self) -> None:
        super().__init__("The order's total is too large; split the order.", field="items")


class RepeatedProduct(RuleRefused):
    def __init__(self) -> None:
        super().__init__("Name each product once, with its whole quantity.", field="items")
