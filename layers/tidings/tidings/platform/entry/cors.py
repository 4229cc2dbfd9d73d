"""Decide which other origins' pages may call GraphQL and the live inbox.

See https://fetch.spec.whatwg.org/#http-cors-protocol. None may, unless TIDINGS_CORS_ORIGINS lists
them. Tokens are sent in a header, never in a cookie, so credentials are not allowed for any origin.
"""

from collections.abc import Sequence
from typing import Final

from tidings.platform.entry.answers import CORRELATION_HEADER
from tidings.platform.security.quotas import POLICY_HEADER, STATE_HEADER
from tidings.platform.settings import settings

PREFLIGHT_SECONDS: Final = 600
# The headers of a response that a page may read.
EXPOSED: Final = (CORRELATION_HEADER, "Retry-After", POLICY_HEADER, STATE_HEADER)


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
        "Access-Control-Expose-Headers": ", ".join(EXPOSED),
    }


def preflight_headers_for(
    origin: str | None, *, methods: Sequence[str], headers: Sequence[str]
) -> dict[str, str]:
    """Return the headers of the answer to a preflight request of this origin.

    Args:
        methods: those that a page may use.
        headers: the request's headers that it may set, besides the correlation id.
    """
    allowed = headers_for(origin)
    if "Access-Control-Allow-Origin" not in allowed:
        return allowed
    return allowed | {
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": ", ".join((*headers, CORRELATION_HEADER)),
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }
