"""What the delivery refuses, and how providers fail (the same types, for other domains)."""

from tidings.platform.errors import NotFound
from tidings.platform.providers.failures import (
    CircuitOpen,
    DeliveryFailure,
    PermanentFailure,
    TemporaryFailure,
)

__all__ = [
    "BadUnsubscribeLink",
    "CircuitOpen",
    "DeliveryFailure",
    "PermanentFailure",
    "SuppressionNotFound",
    "TemporaryFailure",
]


class BadUnsubscribeLink(NotFound):
    """It was not made by us, or not whole; says the same for an account that is gone."""

    def __init__(self) -> None:
        super().__init__("This link does not work.")


class SuppressionNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such suppression.")
