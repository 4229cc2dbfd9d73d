"""Responses of API Gateway: the envelope, and the headers that every response has."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic_core import to_jsonable_python

from tidings.platform.context import correlation_id
from tidings.platform.entry.problems import Problem
from tidings.platform.security import quotas
from tidings.platform.storage.pagination import Page

# Decision 89 has the reasons for these headers.
CORRELATION_HEADER: Final = "X-Correlation-Id"
NOT_KEPT: Final = "no-store"
HSTS: Final = "max-age=31536000"


@dataclass(frozen=True)
class Reply:
    """The response of an endpoint; `data` is put into the envelope."""

    data: Any = None
    message: str = ""
    # Set only if it differs from the contract's status.
    status: int | None = None
    meta: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_page(cls, page: Page[Any]) -> "Reply":
        """Return a reply with a page's items, and with the page's position in `meta`."""
        return cls(
            data=page.items,
            meta={
                "total": page.total,
                "total_is_at_least": page.total_is_at_least,
                "limit": page.limit,
                "page": page.page,
                "total_pages": -(-page.total // page.limit),
                "has_next": page.has_next,
                "has_previous": page.has_previous,
                "next_cursor": page.cursors[-1] if page.has_next and page.cursors else None,
            },
        )


def standard_headers(forwarded_proto: str | None) -> dict[str, str]:
    """Return the default headers of a response.

    Args:
        forwarded_proto: the request's `X-Forwarded-Proto`. If a proxy sends `http`, RFC 6797
            forbids `Strict-Transport-Security`. API Gateway accepts only HTTPS. LocalStack sends
            `HTTP` for both schemes because it reads the name from the request line.
    """
    headers = {
        CORRELATION_HEADER: correlation_id() or "",
        "Cache-Control": NOT_KEPT,
        "X-Content-Type-Options": "nosniff",
    }
    nearest = (forwarded_proto or "https").split(",")[0].strip()
    if nearest != "http":
        headers["Strict-Transport-Security"] = HSTS
    return headers


def completed(own: Mapping[str, str], forwarded_proto: str | None) -> dict[str, str]:
    """Return a response's own headers together with the default headers that it does not set."""
    said = {name.lower() for name in own}
    standard = standard_headers(forwarded_proto) | quotas.headers()
    return {name: text for name, text in standard.items() if name.lower() not in said} | {**own}


def plain(reply: Reply, status: int, media_type: str) -> dict[str, Any]:
    """Return the response of a reply whose data is a text, without the envelope."""
    headers = {"Content-Type": media_type} | reply.headers
    return {"statusCode": reply.status or status, "headers": headers, "body": reply.data}


def success(reply: Reply, status: int) -> dict[str, Any]:
    """Return the response of a reply; `status` holds unless the reply has its own."""
    return _envelope(
        reply.status or status,
        reply.headers,
        success=True,
        data=to_jsonable_python(reply.data),
        message=reply.message,
        meta=reply.meta,
    )


def refusal(problem: Problem) -> dict[str, Any]:
    """Return the response that tells the caller about an error."""
    return _envelope(
        problem.status,
        problem.headers,
        success=False,
        message=problem.message,
        error={"code": problem.code, "message": problem.message, "details": problem.details},
    )


def _envelope(
    status: int,
    headers: dict[str, str],
    *,
    success: bool,
    message: str,
    data: Any = None,
    error: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
) -> dict[str, Any]:
    envelope = {
        "success": success,
        "data": data,
        "message": message,
        "error": error,
        "meta": meta,
    }
    return json_response(status, envelope, headers)


def json_response(status: int, content: Any, headers: dict[str, str]) -> dict[str, Any]:
    """Return an API Gateway proxy response with this JSON."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"} | headers,
        "body": json.dumps(content, separators=(",", ":"), ensure_ascii=False),
    }
