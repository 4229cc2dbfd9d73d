"""Decide which other origins' pages may call GraphQL.

See https://fetch.spec.whatwg.org/#http-cors-protocol. None may, unless TIDINGS_CORS_ORIGINS lists
them. Tokens are sent in a header, never in a cookie, so credentials are not allowed for any origin.
"""

from typing import Final

from tidings.platform.entry.answers import CORRELATION_HEADER
from tidings.platform.settings import settings

PREFLIGHT_SECONDS: Final = 600


def headers_for(origin: str | None) -> dict[str, str]:
    """Return the CORS headers of a response to a page of this origin."""
    allowed = {each for each in settings().cors_origins.split(",") if each}
    if not allowed:
        return {}
    vary = {"Vary": "Origin"}
    if origin is None or not {origin, "*"} & allowed:
        return vary
    return vary | {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": f"{CORRELATION_HEADER}, Retry-After",
    }


def preflight_headers_for(origin: str | None) -> dict[str, str]:
    """Return the headers of the answer to a preflight request of this origin."""
    headers = headers_for(origin)
    if "Access-Control-Allow-Origin" not in headers:
        return headers
    return headers | {
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": f"Authorization, Content-Type, {CORRELATION_HEADER}",
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }
