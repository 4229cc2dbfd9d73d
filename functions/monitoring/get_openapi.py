"""GET /api/v1/openapi.json: the input and output of this API (OpenAPI 3.1)."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from tidings.platform.entry.http import public_document


@public_document(max_age_seconds=300)
@cache
def handler() -> dict[str, Any]:
    """Return the file that `make contracts` wrote; it is part of the code, so it is read once."""
    content = Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(content)
    return document
