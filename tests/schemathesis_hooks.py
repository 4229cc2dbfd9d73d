"""Generators for the formats of our OpenAPI document (SCHEMATHESIS_HOOKS)."""

import schemathesis
from hypothesis import strategies as st

# JSON Schema's own format allows hosts that no mail can reach.
ADDRESSES = st.from_regex(r"[a-z0-9]{1,20}(\.[a-z0-9]{1,20})?@example\.(com|org)", fullmatch=True)

schemathesis.openapi.format("email", ADDRESSES)

# Our own formats (docs/api.md): text with visible characters.
SEEN = st.characters(categories=["Lu", "Ll", "Lo", "Nd"], max_codepoint=0x2FF)
WITHIN = st.characters(categories=["Lu", "Ll", "Lo", "Nd", "Po", "Zs"], max_codepoint=0xFF)


def visible(between: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Generate text of at least three characters that begins and ends with a visible one."""
    return st.builds(lambda a, b, c: a + b + c, SEEN, st.text(between, min_size=1), SEEN)


LINES = visible(WITHIN.filter(lambda each: each != "@"))
schemathesis.openapi.format("visible-line", LINES)
schemathesis.openapi.format("visible-text", LINES | visible(WITHIN | st.just("\n")))
