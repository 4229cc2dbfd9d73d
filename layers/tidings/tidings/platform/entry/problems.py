"""Convert exceptions to error responses: one table for HTTP and GraphQL."""

from dataclasses import dataclass
from typing import Final

from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from tidings.platform.errors import RateLimited, TidingsError
from tidings.platform.inputs.parsing import Fault, InvalidFields
from tidings.platform.logging import logger
from tidings.platform.storage.database import is_unavailable, note_failure
from tidings.platform.text.excerpts import MAX_DETAILS, MAX_FIELD_CHARACTERS, excerpt

RETRY_AFTER_SECONDS: Final = 5
NOT_AVAILABLE: Final = "The service is not available just now. Try again soon."


@dataclass(frozen=True)
class Problem:
    """The part of an error that the caller may see."""

    status: int
    code: str
    message: str
    details: tuple[dict[str, str], ...] = ()
    # The number of seconds after which the caller may try again.
    retry_after: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        if self.retry_after is None:
            return {}
        return {"Retry-After": str(self.retry_after)}


def problem_of(error: Exception) -> Problem:
    """Return the part of an error that the caller may see; log the rest."""
    if isinstance(error, InvalidFields):
        return _invalid(error)
    if isinstance(error, TidingsError):
        message = excerpt(error.message)
        logger.info("request refused", outcome="refused", code=error.code, reason=message)
        details = ({"field": error.field, "message": message},) if error.field else ()
        return Problem(error.status, error.code, message, details, _retry_after(error))
    if isinstance(error, PyMongoError) and is_unavailable(error):
        note_failure(error)
        logger.exception("request failed: MongoDB unavailable", outcome="error")
        return Problem(503, "INTERNAL", NOT_AVAILABLE, retry_after=RETRY_AFTER_SECONDS)
    if isinstance(error, RedisError):
        logger.exception("request failed: Redis unavailable", outcome="error")
        return Problem(503, "INTERNAL", NOT_AVAILABLE, retry_after=RETRY_AFTER_SECONDS)
    logger.exception("unexpected error", outcome="error")
    return Problem(500, "INTERNAL", "Something went wrong on our side.")


def _retry_after(error: TidingsError) -> int | None:
    if isinstance(error, RateLimited):
        return error.retry_after
    return RETRY_AFTER_SECONDS if error.status == 503 else None


def _invalid(error: InvalidFields) -> Problem:
    details = tuple(_detail(each) for each in error.faults[:MAX_DETAILS])
    if more := len(error.faults) - len(details):
        details += ({"field": "", "message": f"and {more} more"},)
    fields = [each["field"] for each in details]
    logger.info("request refused", outcome="refused", code=error.code, fields=fields)
    first = details[0]
    message = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    return Problem(error.status, error.code, message, details)


def _detail(fault: Fault) -> dict[str, str]:
    field = ".".join(excerpt(str(part), MAX_FIELD_CHARACTERS) for part in fault.place)
    return {"field": excerpt(field), "message": excerpt(fault.message)}
