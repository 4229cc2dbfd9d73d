"""What the API refuses, and how it says why."""

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Detail:
    """A part of the request that is wrong."""

    field: str
    message: str


class ApiError(Exception):
    """The API did not do what was asked.

    Attributes:
        status: the status of HTTP.
        code: the code of the refusal, as in docs/errors.md; None if no function answered.
        details: the parts of the request that are wrong.
        correlation_id: finds the request in the shop's logs.
        retry_after: the seconds to wait before the next attempt, if the API named them.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        details: tuple[Detail, ...] = (),
        correlation_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{status} {code or ''}: {message}".replace(" :", ":"))
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.correlation_id = correlation_id
        self.retry_after = retry_after


class InvalidRequest(ApiError):
    """The request is malformed or too large (400, 413, 415)."""


class Unauthenticated(ApiError):
    """The credentials or the tokens are not valid (401): sign in again."""


class Forbidden(ApiError):
    """The caller may not do this (403)."""


class NotFound(ApiError):
    """It does not exist, or the caller may not know of it (404)."""


class Conflict(ApiError):
    """It changed meanwhile, or the key belongs to another request (409)."""


class Refused(ApiError):
    """The request is well formed, but a rule of the shop refuses it (422)."""


class RateLimited(ApiError):
    """Too many requests (429): wait for `retry_after` seconds."""


class Unavailable(ApiError):
    """The API failed (5xx): a later attempt may succeed."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidRequest,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: InvalidRequest,
    415: InvalidRequest,
    422: Refused,
    429: RateLimited,
}


def error_of(response: httpx.Response) -> ApiError:
    """Return the error that an answer stands for; API Gateway and proxies have other bodies."""
    kind = _BY_STATUS.get(response.status_code, ApiError)
    if response.status_code >= 500:
        kind = Unavailable
    body = _object(response)
    error = body["error"] if isinstance(body.get("error"), dict) else {}
    return kind(
        response.status_code,
        str(error.get("message") or body.get("message") or response.reason_phrase),
        code=error.get("code"),
        details=tuple(Detail(each["field"], each["message"]) for each in error.get("details", ())),
        correlation_id=response.headers.get("X-Correlation-Id"),
        retry_after=_seconds(response.headers.get("Retry-After")),
    )


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _seconds(retry_after: str | None) -> float | None:
    try:
        return None if retry_after is None else float(retry_after)
    except ValueError:  # a date, from a proxy
        return None
