"""The headers that every response has (docs/decisions/0089-headers-of-every-answer.md)."""

from collections.abc import Mapping
from typing import Final

from tidings.platform.context import correlation_id

CORRELATION_HEADER: Final = "X-Correlation-Id"
NOT_KEPT: Final = "no-store"
HSTS: Final = "max-age=31536000"


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
    standard = standard_headers(forwarded_proto)
    return {name: text for name, text in standard.items() if name.lower() not in said} | {**own}
