"""From exceptions to what is said about them: one table for HTTP and GraphQL."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pymongo.errors import PyMongoError

from tidings.platform.database import is_unavailable
from tidings.platform.errors import TidingsError
from tidings.platform.logging import logger

RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True)
class Problem:
    """What the caller may know of an error."""

    status: int
    code: str
    message: str
    details: tuple[dict[str, str], ...] = ()

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(RETRY_AFTER_SECONDS)} if self.status == 503 else {}


def problem_of(error: Exception) -> Problem:
    """Say what the caller may know; log what they may not."""
    if isinstance(error, TidingsError):
        logger.info("request refused", code=error.code, reason=error.message)
        details = ({"field": error.field, "message": error.message},) if error.field else ()
        return Problem(error.status, error.code, error.message, details)
    if isinstance(error, ValidationError):
        return _invalid(error)
    if isinstance(error, PyMongoError) and is_unavailable(error):
        logger.exception("MongoDB is out of reach")
        return Problem(503, "INTERNAL", "The service is not available just now. Try again soon.")
    logger.exception("unexpected error")
    return Problem(500, "INTERNAL", "Something went wrong on our side.")


def _invalid(error: ValidationError) -> Problem:
    details = tuple(_detail(each) for each in error.errors(include_url=False, include_input=False))
    logger.info("request refused", code="BAD_USER_INPUT", fields=[d["field"] for d in details])
    first = details[0]
    message = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    return Problem(400, "BAD_USER_INPUT", message, details)


def _detail(error: Any) -> dict[str, str]:
    return {"field": ".".join(str(part) for part in error["loc"]), "message": error["msg"]}
