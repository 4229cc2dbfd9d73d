"""Failures of delivery: temporary ones that a retry may solve, and permanent ones."""

from typing import Final, NamedTuple

from tidings.platform.errors import TidingsError

# Reasons that concern the provider, not one message; the circuit breaker counts these.
THROTTLED: Final = "throttled"
UNAVAILABLE: Final = "unavailable"
TIMEOUT: Final = "timeout"
MISCONFIGURED: Final = "misconfigured"


class Tried(NamedTuple):
    """A provider that did not accept a message, and the reason."""

    provider: str
    reason: str


class DeliveryFailure(TidingsError):
    """A message was not accepted; `reason` is a code, the message explains it."""

    # True if the recipient's address, mailbox, device or server is at fault, which operators cannot
    # fix.
    of_recipient = False
    # The provider's own text. Never log it: it may quote an address or a number.
    said = ""
    # The providers that were called, or whose circuits are open, in their order.
    tried: tuple[Tried, ...] = ()

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason


class TemporaryFailure(DeliveryFailure):
    """A later retry may help.

    Attributes:
        maybe_sent: the whole message was sent but no answer came, so it may have been accepted.
        of_provider: the provider has a problem, not one mailbox or phone behind it.
        of_recipient: the recipient's own mailbox or server has the problem.
    """

    status = 503
    retryable = True

    def __init__(
        self,
        reason: str,
        message: str = "",
        *,
        maybe_sent: bool = False,
        of_provider: bool = True,
        of_recipient: bool = False,
    ) -> None:
        super().__init__(reason, message)
        self.maybe_sent = maybe_sent
        self.of_provider = of_provider
        self.of_recipient = of_recipient


class PermanentFailure(DeliveryFailure):
    """A retry cannot help until an operator fixes the cause."""

    status = 422
    retryable = False


class Undeliverable(PermanentFailure):
    """The recipient cannot be reached: the address is wrong, or refuses messages."""

    of_recipient = True


class CircuitOpen(TemporaryFailure):
    """The provider's circuit is open, so it was not called; retry after `retry_after` seconds."""

    def __init__(self, provider: str, retry_after: float) -> None:
        super().__init__("circuit_open", f"{provider}: circuit open", of_provider=False)
        self.retry_after = retry_after
