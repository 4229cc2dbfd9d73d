"""Errors that delivery raises, and the providers' failures for use in other domains."""

from tidings.platform.errors import NotFound, RuleRefused
from tidings.platform.providers.failures import (
    CircuitOpen,
    DeliveryFailure,
    PermanentFailure,
    TemporaryFailure,
    Undeliverable,
)

__all__ = [
    "BadMailLink",
    "BadUnsubscribeLink",
    "CircuitOpen",
    "DeliveryFailure",
    "NothingToSay",
    "PermanentFailure",
    "SuppressionNotFound",
    "TemporaryFailure",
    "Undeliverable",
]


class BadUnsubscribeLink(NotFound):
    """We did not make the link, it is incomplete, or its account is deleted."""

    def __init__(self) -> None:
        super().__init__("This link does not work.")


class BadMailLink(NotFound):
    """We did not make the link of a mail, or it is incomplete."""

    def __init__(self) -> None:
        super().__init__("This link does not work.")


class SuppressionNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such suppression.")


class NothingToSay(RuleRefused):
    def __init__(self) -> None:
        super().__init__("The template has no content for this channel.")
