"""Errors that recommendation operations raise."""

from tidings.platform.errors import RuleRefused


class UnknownProduct(RuleRefused):
    def __init__(self, product_id: str) -> None:
        super().__init__(f"The product {product_id} is not on sale.", field="items")


class TimeOutOfRange(RuleRefused):
    def __init__(self, field: str) -> None:
        super().__init__("The time is in the future, or too long ago.", field=field)
