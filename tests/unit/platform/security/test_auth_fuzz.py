"""Only tokens that we signed are valid, and no token causes an error of ours."""

import base64
import json
from contextlib import suppress
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.platform.builders import (
    CUSTOMER_ID,
    claims,
    private_key,
    signed,
    signing_keys,
    use_keys,
)
from tidings.platform.errors import Unauthenticated
from tidings.platform.security.auth import Role, authenticate

OURS = signing_keys()
FOREIGN = private_key()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
CLAIMS = st.dictionaries(
    st.sampled_from(["iss", "aud", "sub", "role", "exp", "iat", "nbf", "jti", "sid", "ver"]), JSON
)
HEADERS = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "jku", "jwk", "x5u", "crit", "b64", "zip", "cty"]), JSON
)


@pytest.fixture(autouse=True, scope="module")
def our_keys() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        use_keys(patch, OURS)
        yield


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@given(HEADERS, CLAIMS, st.binary(max_size=80))
def test_token_that_we_did_not_sign_is_never_valid(
    header: dict[str, Any], content: dict[str, Any], signature: bytes
) -> None:
    said = {"alg": "ES256", "kid": OURS.current} | header
    end = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    with pytest.raises(Unauthenticated):
        authenticate(f"Bearer {part(said)}.{part(content)}.{end}")


@given(CLAIMS)
def test_token_of_a_foreign_key_is_never_valid(content: dict[str, Any]) -> None:
    with suppress(TypeError, ValueError, jwt.PyJWTError):  # these cannot be encoded in a token
        token = jwt.encode(
            claims() | content, FOREIGN, algorithm="ES256", headers={"kid": OURS.current}
        )
        with pytest.raises(Unauthenticated):
            authenticate(f"Bearer {token}")


@given(CLAIMS)
def test_own_token_with_odd_claims_is_valid_or_refused(
    content: dict[str, Any],
) -> None:
    try:
        token = signed(claims() | content, OURS.keys[0])
    except (TypeError, ValueError, jwt.PyJWTError):
        return
    with suppress(Unauthenticated):
        principal = authenticate(f"Bearer {token}")
        assert principal is not None
        assert principal.user_id == content.get("sub", CUSTOMER_ID)
        assert principal.role in set(Role)


@given(st.text(alphabet='abcAB01-_.=+/ {}"', max_size=200), st.integers(0, 400))
def test_changed_token_is_never_valid(other: str, place: int) -> None:
    token = signed(claims(), OURS.keys[0])
    changed = token[:place] + other + token[place + 1 :]
    if changed == token:
        return
    with suppress(Unauthenticated):
        # Base64 can spell one signature in several ways; the token then is still the one that we
        # signed.
        principal = authenticate(f"Bearer {changed}")
        assert principal is not None
        assert principal.user_id == CUSTOMER_ID
