"""The types of errors: each has a code, an HTTP status and a message for its reader."""

from typing import ClassVar


class TidingsError(Exception):
    """An expected refusal. Its message is shown to the caller."""

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500
    # A consumer retries a retryable error. A permanent one goes to failed-messages at once.
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidInput(TidingsError):
    """The request is malformed; `field` names the place."""

    code = "BAD_USER_INPUT"
    status = 400


class RuleRefused(TidingsError):
    """The request is well formed, but a business rule refuses it."""

    code = "BAD_USER_INPUT"
    status = 422


class Unauthenticated(TidingsError):
    """The token is missing or not valid."""

    code = "UNAUTHENTICATED"
    status = 401


class Forbidden(TidingsError):
    """The caller is known but not allowed to do this."""

    code = "FORBIDDEN"
    status = 403


class NotFound(TidingsError):
    """The resource does not exist, or the caller may not know of it."""

    code = "NOT_FOUND"
    status = 404


class Conflict(TidingsError):
    """The request conflicts with the current state."""

    code = "CONFLICT"
    status = 409


class RateLimited(TidingsError):
    """Too many requests; `retry_after` is the number of seconds to wait."""

    code = "RATE_LIMITED"
    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many attempts. Try again in {retry_after} seconds.")
        self.retry_after = retry_after


class PayloadTooLarge(TidingsError):
    """The body is larger than the limit."""

    code = "BAD_USER_INPUT"
    status = 413


class UnsupportedMediaType(TidingsError):
    """The body has a media type that the endpoint does not accept."""

    code = "BAD_USER_INPUT"
    status = 415


class Unavailable(TidingsError):
    """A required service does not answer; a later retry may succeed."""

    code = "INTERNAL"
    status = 503
    retryable = True


class NotYet(Unavailable):
    """It is too early to handle this message; no attempt is counted."""
