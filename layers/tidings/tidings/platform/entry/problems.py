"""Convert exceptions to error responses: one table for HTTP and GraphQL."""

from dataclasses import dataclass
from typing import Any, Final

from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from tidings.platform.errors import TidingsError
from tidings.platform.inputs.parsing import InvalidFields
from tidings.platform.logging import logger
from tidings.platform.refusals import RETRY_AFTER_SECONDS, UNEXPECTED, refusal_of
from tidings.platform.storage.database import is_unavailable, note_failure

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
    if isinstance(error, TidingsError):
        refusal = refusal_of(error)
        if isinstance(error, InvalidFields):
            told: dict[str, Any] = {"fields": [each["field"] for each in refusal.details]}
        else:
            told = {"reason": refusal.message}
        logger.info("request refused", outcome="refused", code=refusal.code, **told)
        return Problem(error.status, *refusal)
    if isinstance(error, PyMongoError) and is_unavailable(error):
        note_failure(error)
        logger.exception("request failed: MongoDB unavailable", outcome="error")
        return Problem(503, "INTERNAL", NOT_AVAILABLE, retry_after=RETRY_AFTER_SECONDS)
    if isinstance(error, RedisError):
        logger.exception("request failed: Redis unavailable", outcome="error")
        return Problem(503, "INTERNAL", NOT_AVAILABLE, retry_after=RETRY_AFTER_SECONDS)
    logger.exception("unexpected error", outcome="error")
    return Problem(500, *UNEXPECTED)
