"""GET /.well-known/jwks.json: the keys that verify our access tokens (RFC 7517)."""

from typing import Any

from tidings.platform.auth import public_keys
from tidings.platform.context import accept_correlation_id, correlated
from tidings.platform.http import CORRELATION_HEADER, LambdaEvent, header, json_response

CACHE_SECONDS = 300


def handler(event: LambdaEvent, _context: Any) -> dict[str, Any]:
    with correlated(accept_correlation_id(header(event, CORRELATION_HEADER))):
        return json_response(200, public_keys(), {"Cache-Control": f"max-age={CACHE_SECONDS}"})
