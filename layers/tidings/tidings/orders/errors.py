"""What the orders' operations refuse."""

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
        super().__init__("One order is paid in one currency.", field="items")


class OrderTooLarge(RuleRefused):
    def __init__(self) -> None:
        super().__init__("The order's total is too large; split the order.", field="items")


class IdempotencyKeyReused(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "This idempotency key belongs to an order with another content; "
            "send a changed order with a key of its own.",
            field="idempotency_key",
        )


class StepRefused(RuleRefused):
    """An order cannot go there from where it is; `before` says where that is."""

    def __init__(self, before: str, after: str, *, only: Sequence[str] = ()) -> None:
        self.before = before
        sentence = f"An order cannot go from {before} to {after}"
        by = f" unless the {' or the '.join(only)} takes it there" if only else ""
        super().__init__(f"{sentence}{by}.", field="state")


class ShipmentMissing(RuleRefused):
    def __init__(self, field: str) -> None:
        super().__init__("A shipped order has a carrier and a tracking number.", field=field)


class ShipmentTooEarly(RuleRefused):
    def __init__(self, field: str) -> None:
        super().__init__(
            "A carrier and a tracking number are said when an order is shipped.", field=field
        )


class RepeatedProduct(RuleRefused):
    def __init__(self) -> None:
        super().__init__("Name each product once, with its whole quantity.", field="items")
