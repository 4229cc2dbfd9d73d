"""What can go wrong, as types: each has a code, an HTTP status and a sentence for its reader."""

from typing import ClassVar


class TidingsError(Exception):
    """An expected refusal. Its message is shown to the person who asked."""

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500
    # A consumer tries a retryable error again; a permanent one goes to failed-messages at once.
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidInput(TidingsError):
    """The request is malformed; `field` says where."""

    code = "BAD_USER_INPUT"
    status = 400


class RuleRefused(TidingsError):
    """The request is well formed, and the shop's rules refuse it."""

    code = "BAD_USER_INPUT"
    status = 422


class Unauthenticated(TidingsError):
    """No token, or one that does not hold."""

    code = "UNAUTHENTICATED"
    status = 401


class Forbidden(TidingsError):
    """Known, and not allowed."""

    code = "FORBIDDEN"
    status = 403


class NotFound(TidingsError):
    """There is no such thing, or none that the caller may know of."""

    code = "NOT_FOUND"
    status = 404


class Conflict(TidingsError):
    """It collides with what is there already."""

    code = "CONFLICT"
    status = 409


class RateLimited(TidingsError):
    """Asked too often; `retry_after` says for how many seconds not to ask again."""

    code = "RATE_LIMITED"
    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many attempts. Try again in {retry_after} seconds.")
        self.retry_after = retry_after


class PayloadTooLarge(TidingsError):
    """The body is larger than is read."""

    code = "BAD_USER_INPUT"
    status = 413


class UnsupportedMediaType(TidingsError):
    """The body is of a kind that is not read here."""

    code = "BAD_USER_INPUT"
    status = 415


class Unavailable(TidingsError):
    """A service that is needed does not answer; trying again later helps."""

    code = "INTERNAL"
    status = 503
    retryable = True


class NotYet(Unavailable):
    """It is too early for this message, through no fault of its own; no attempt is counted."""
