"""From exceptions to what is said about them: one table for HTTP and GraphQL."""

from dataclasses import dataclass
from traceback import walk_tb
from typing import Any, Final

from pydantic import ValidationError
from pymongo.errors import PyMongoError
from redis import RedisError

from tidings.platform.database import is_unavailable
from tidings.platform.errors import RateLimited, TidingsError
from tidings.platform.logging import logger
from tidings.platform.times import OUT_OF_RANGE

RETRY_AFTER_SECONDS: Final = 5
INPUT_FRAME: Final = "tidings.platform.http"
NOT_AVAILABLE: Final = "The service is not available just now. Try again soon."


@dataclass(frozen=True)
class Problem:
    """What the caller may know of an error."""

    status: int
    code: str
    message: str
    details: tuple[dict[str, str], ...] = ()
    # Seconds after which it makes sense to ask again.
    retry_after: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        if self.retry_after is None:
            return {}
        return {"Retry-After": str(self.retry_after)}


def problem_of(error: Exception) -> Problem:
    """Say what the caller may know; log what they may not."""
    if isinstance(error, TidingsError):
        logger.info("request refused", code=error.code, reason=error.message)
        details = ({"field": error.field, "message": error.message},) if error.field else ()
        return Problem(error.status, error.code, error.message, details, _retry_after(error))
    if isinstance(error, ValidationError) and _is_of_input(error):
        return _invalid(error)
    if isinstance(error, PyMongoError) and is_unavailable(error):
        logger.exception("MongoDB is out of reach")
        return Problem(503, "INTERNAL", NOT_AVAILABLE, retry_after=RETRY_AFTER_SECONDS)
    if isinstance(error, RedisError):
        logger.exception("Redis is out of reach, and what it knows is needed here")
        return Problem(503, "INTERNAL", NOT_AVAILABLE, retry_after=RETRY_AFTER_SECONDS)
    logger.exception("unexpected error")
    return Problem(500, "INTERNAL", "Something went wrong on our side.")


def _retry_after(error: TidingsError) -> int | None:
    if isinstance(error, RateLimited):
        return error.retry_after
    return RETRY_AFTER_SECONDS if error.status == 503 else None


def _is_of_input(error: ValidationError) -> bool:
    """Input is validated by the entry points and their frame; what else is validated is ours.

    Told by where it was raised: the error itself knows its model only by name.
    """
    modules = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)]
    ours = [name for name in modules if not name.startswith("pydantic")]
    raised_in = ours[-1] if ours else ""
    return not raised_in.startswith("tidings.") or raised_in == INPUT_FRAME


def _invalid(error: ValidationError) -> Problem:
    errors = error.errors(include_url=False, include_input=False)
    details = tuple(_detail(each) for each in errors)
    status = 422 if all(each["type"] == OUT_OF_RANGE for each in errors) else 400
    logger.info("request refused", code="BAD_USER_INPUT", fields=[d["field"] for d in details])
    first = details[0]
    message = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    return Problem(status, "BAD_USER_INPUT", message, details)


def _detail(error: Any) -> dict[str, str]:
    return {"field": ".".join(str(part) for part in error["loc"]), "message": error["msg"]}
