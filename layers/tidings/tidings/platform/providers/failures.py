"""What can go wrong at a provider: what may work later, and what never will."""

from typing import Final

from tidings.platform.errors import TidingsError

# What a provider says of itself rather than of one message; the breaker counts these.
THROTTLED: Final = "throttled"
UNAVAILABLE: Final = "unavailable"
TIMEOUT: Final = "timeout"
MISCONFIGURED: Final = "misconfigured"


class DeliveryFailure(TidingsError):
    """A message was not taken; `reason` is a code, the message says it in words."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason


class TemporaryFailure(DeliveryFailure):
    """Trying again later may help.

    Attributes:
        maybe_sent: no answer came to a message that was handed over whole: it may be on its way.
        of_provider: the provider is in trouble, rather than one mailbox or phone behind it.
    """

    status = 503
    retryable = True

    def __init__(
        self, reason: str, message: str = "", *, maybe_sent: bool = False, of_provider: bool = True
    ) -> None:
        super().__init__(reason, message)
        self.maybe_sent = maybe_sent
        self.of_provider = of_provider


class PermanentFailure(DeliveryFailure):
    """Trying again cannot help."""

    status = 422
    retryable = False


class CircuitOpen(TemporaryFailure):
    """The provider was not asked, because it failed so often; ask after `retry_after` seconds."""

    def __init__(self, provider: str, retry_after: float) -> None:
        super().__init__("circuit_open", f"{provider} rests", of_provider=False)
        self.retry_after = retry_after
