"""Parse the `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header).

The draft defines the key as a quoted string of RFC 8941; most clients send it without quotes. Both
forms give the same key here.
"""

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, StringConstraints, WithJsonSchema

# Visible ASCII, because the key is sent in a header. RFC 8941 escapes quotes and backslashes.
_BARE: Final = re.compile(r"[!#-\[\]-~]{1,128}")
_QUOTED: Final = re.compile(r'"((?:[!#-\[\]-~]|\\["\\]){1,128})"')
_SCHEMA: Final = {
    "type": "string",
    "pattern": rf"^(?:{_BARE.pattern}|{_QUOTED.pattern.replace('((?:', '(?:(?:')})$",
}


def _as_meant(value: Any) -> Any:
    """Return the key in a header's value, without quotes and escapes."""
    if not isinstance(value, str):
        return value
    text = value.strip(" \t")
    if _BARE.fullmatch(text):
        return text
    if quoted := _QUOTED.fullmatch(text):
        return re.sub(r"\\(.)", r"\1", quoted[1])
    raise ValueError("must be 1 to 128 visible ASCII characters, bare or in quotes (RFC 8941)")


IdempotencyKey = Annotated[
    str, StringConstraints(max_length=128), BeforeValidator(_as_meant), WithJsonSchema(_SCHEMA)
]
