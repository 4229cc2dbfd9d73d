"""What operators see of a payload: everything but what is personal or secret.

By the names of fields, and by what values look like wherever they stand: messages that could
not be read are just the ones whose fields nobody knows.
"""

import json
import re
from typing import Any, Final

MASK: Final = "[masked]"
MAX_CHARACTERS: Final = 8_000
MAX_NESTING: Final = 50

# A field is masked when one of these words is in its name (`push_token`, `shippingAddress`).
PERSONAL_WORDS: Final = frozenset(
    {
        *("email", "mail", "name", "surname", "phone", "mobile", "address", "street", "city"),
        *("postcode", "zip", "birthday", "password", "secret", "token", "code", "key", "otp"),
        *("authorization", "cookie", "signature", "recipient", "device", "ip"),
        # What a person wrote or is told.
        *("text", "html", "body", "message", "comment", "note", "variables", "endpoint"),
    }
)
# Names of ours that say nothing of a person.
PLAIN_FIELDS: Final = frozenset({"template_code", "dedupe_key", "error_code", "code_kind"})

_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")
# Each begins where a run of its letters does. One that may begin at every letter looks at the rest
# of the run for each: an hour for a message that is one long word.
_PATTERNS: Final = (
    # e-mail addresses
    re.compile(r"(?<![^\s@\"'<>\[\],;])[^\s@\"'<>\[\],;]++@[^\s@\"'<>\[\]]+\.[^\s@\"'<>\[\],;]+"),
    re.compile(r"(?<![\w-])eyJ[\w-]+\.[\w.-]+"),  # JWTs
    re.compile(r"(?<![\w.-])\+?\d(?:[ ()/-]{0,2}\d){7,14}(?![\w.-])"),  # telephone numbers
    re.compile(r"(?<![\w.:-])\d{6,8}(?![\w.:-])"),  # one-time codes
    re.compile(r"(?<![\w-])[\w-]{40,}(?![\w-])"),  # tokens
    re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),  # network addresses
)
_ISO_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d([T ][\d:.]+(Z|[+-]\d\d:?\d\d)?)?")


def masked_payload(body: bytes) -> str:
    """Return a message's body as text, with what may be personal masked; long ones are cut."""
    try:
        text = json.dumps(_masked(json.loads(body), 0), ensure_ascii=False)
    except (ValueError, RecursionError):
        text = masked_text(body.decode(errors="replace"))
    # Half a surrogate pair is JSON, but no text that can be sent.
    text = text.encode(errors="replace").decode()
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}..."


def masked_text(text: str) -> str:
    """Return a text with what looks personal masked."""
    if _ISO_TIME.fullmatch(text):
        return text
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    return text


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
