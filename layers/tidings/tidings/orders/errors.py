"""Errors that order operations raise."""

from collections.abc import Sequence

from tidings.platform.errors import Conflict, NotFound, RuleRefused


class OrderNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such order.")


class UnknownProduct(RuleRefused):
    def __init__(self, product_id: str) -> None:
        super().__init__(f"There is no product {product_id}.", field="items.product_id")


class MixedCurrencies(RuleRefused):
    def __init__(self) -> None:
        super().__init__("All items of an order must have the same currency.", field="items")


class OrderTooLarge(RuleRefused):
    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The order's total would exceed {limit} minor units; split the order.",
            field="items",
        )


class IdempotencyKeyReused(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "This idempotency key belongs to an order with different content; "
            "use a new key for a changed order.",
            field="idempotency_key",
        )


class StepRefused(RuleRefused):
    """The order cannot change to that state; `before` is its current state."""

    def __init__(self, before: str, after: str, *, only: Sequence[str] = ()) -> None:
        self.before = before
        sentence = f"An order cannot go from {before} to {after}"
        by = f" unless the {' or the '.join(only)} does it" if only else ""
        super().__init__(f"{sentence}{by}.", field="state")


class ShipmentMissing(RuleRefused):
    def __init__(self, field: str) -> None:
        super().__init__("A shipped order needs a carrier and a tracking number.", field=field)


class ShipmentTooEarly(RuleRefused):
    def __init__(self, field: str) -> None:
        super().__init__(
            "Send a carrier and a tracking number only when an order is shipped.", field=field
        )


class RepeatedProduct(RuleRefused):
    def __init__(self) -> None:
        super().__init__("List each product once, with its total quantity.", field="items")


class BasketFull(RuleRefused):
    def __init__(self, most: int) -> None:
        super().__init__(f"A basket has at most {most} products.", field="product_id")


class BasketChanged(Conflict):
    def __init__(self) -> None:
        message = "The basket is not the one that you have seen; read it again."
        super().__init__(message, field="state")
