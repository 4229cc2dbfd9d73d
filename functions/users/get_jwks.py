"""GET /.well-known/jwks.json: the keys that verify our access tokens (RFC 7517)."""

from typing import Any

from tidings.platform.entry.http import public_document
from tidings.platform.security.auth import public_keys


@public_document(max_age_seconds=300)
def handler() -> dict[str, Any]:
    return public_keys()
