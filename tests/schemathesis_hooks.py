"""What schemathesis makes up for the formats of our document (SCHEMATHESIS_HOOKS)."""

import schemathesis
from hypothesis import strategies as st

# JSON Schema's own idea of an address takes hosts that no mail can ever reach.
ADDRESSES = st.from_regex(r"[a-z0-9]{1,20}(\.[a-z0-9]{1,20})?@example\.(com|org)", fullmatch=True)

schemathesis.openapi.format("email", ADDRESSES)
