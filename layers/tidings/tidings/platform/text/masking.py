"""Mask personal and secret data in payloads that operators see.

Fields are masked by name, and values by their form wherever they are, because the fields of an
unreadable message are unknown.
"""

import json
import re
from typing import Any, Final

from tidings.platform.text.cuts import cut

MASK: Final = "[masked]"
MAX_CHARACTERS: Final = 8_000
MAX_NESTING: Final = 50

# A field is masked if its name contains one of these words (`push_token`, `shippingAddress`).
PERSONAL_WORDS: Final = frozenset(
    {
        *("email", "mail", "name", "surname", "phone", "mobile", "address", "street", "city"),
        *("postcode", "zip", "birthday", "password", "secret", "token", "code", "key", "otp"),
        *(
            "pin",
            "passcode",
            "totp",
            "authorization",
            "cookie",
            "signature",
            "recipient",
            "device",
            "ip",
        ),
        # Texts of or for a person.
        *("text", "html", "body", "message", "comment", "note", "variables", "endpoint"),
    }
)
# Our field names without personal data.
PLAIN_FIELDS: Final = frozenset({"template_code", "dedupe_key", "error_code", "code_kind"})

_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")
# Each pattern starts at the start of a run of its characters. A pattern that may start at every
# character scans the rest of the run each time: an hour for a message that is one long word.
_PATTERNS: Final = (
    # e-mail addresses
    re.compile(r"(?<![^\s@\"'<>\[\],;])[^\s@\"'<>\[\],;]++@[^\s@\"'<>\[\]]+\.[^\s@\"'<>\[\],;]+"),
    re.compile(r"(?<![\w-])eyJ[\w-]+\.[\w.-]+"),  # JWTs
    re.compile(r"(?<![\w.-])\+?\d(?:[ ()/-]{0,2}\d){7,14}(?![\w.-])"),  # telephone numbers
    re.compile(r"(?<![\w.:-])\d{6,8}(?![\w.:-])"),  # one-time codes
    # our own codes: letters and digits in Crockford's base 32, perhaps in two groups
    re.compile(
        r"(?<![\w.:-])(?=[\dA-Z-]*\d)(?=[\d-]*[A-Z])"
        r"[\dA-HJKMNP-TV-Z]{4,6}-?[\dA-HJKMNP-TV-Z]{4,6}(?![\w.:-])"
    ),
    re.compile(r"(?<![\w-])[\w-]{40,}(?![\w-])"),  # tokens
    re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),  # network addresses
)
_ISO_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d([T ][\d:.]+(Z|[+-]\d\d:?\d\d)?)?")


def masked_address(address: str) -> str:
    """Return an e-mail address with its first character and its domain only: `a***@example.com`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


def masked_phone(phone: str) -> str:
    """Return a number with its last two digits only."""
    return f"***{phone[-2:]}"


def masked_payload(body: bytes) -> str:
    """Return a message's body as text with personal data masked; long bodies are cut."""
    try:
        text = json.dumps(_masked(json.loads(body), 0), ensure_ascii=False)
    except (ValueError, RecursionError):
        text = masked_text(body.decode(errors="replace"))
    # JSON may contain half a surrogate pair, which cannot be encoded.
    text = text.encode(errors="replace").decode()
    return cut(text, MAX_CHARACTERS, ellipsis="...")


def masked_text(text: str) -> str:
    """Return a text with parts that look personal masked."""
    if _ISO_TIME.fullmatch(text):
        return text
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    return text


def masked_value(name: str, value: Any) -> Any:
    """Return the value of a field with what looks personal masked, by name and by form."""
    return MASK if _is_personal(name) and value else _masked(value, 0)


def _masked(value: Any, depth: int) -> Any:
    if depth > MAX_NESTING:
        return MASK
    if isinstance(value, dict):
        return {
            masked_text(name): MASK if _is_personal(name) and each else _masked(each, depth + 1)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_masked(each, depth + 1) for each in value]
    return masked_text(value) if isinstance(value, str) else value


def _is_personal(name: str) -> bool:
    if name in PLAIN_FIELDS:
        return False
    return bool(PERSONAL_WORDS & {word.lower() for word in _WORD.findall(name)})
