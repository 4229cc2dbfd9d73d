import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.platform.builders import (
    CUSTOMER,
    CUSTOMER_ID,
    claims,
    in_a_session,
    private_key,
    public_pem,
    segment,
    signed,
    signing_keys,
    use_keys,
)
from tidings.platform.errors import Forbidden, Unauthenticated
from tidings.platform.observability import metrics
from tidings.platform.secrets import SigningKey, SigningKeys
from tidings.platform.security import admission, auth
from tidings.platform.security.auth import (
    PersonRole,
    Principal,
    Role,
    authenticate,
    issue_access_token,
    public_keys,
    require,
    require_self,
    signing_since,
    verify_access_token,
)
from tidings.platform.security.limits import Counted
from tidings.platform.timing.clock import now

OPERATOR = in_a_session(Principal(user_id="operator", role=Role.OPERATOR))
ADMIN = Principal(user_id="admin", role=Role.ADMIN)
SERVICE = Principal(user_id="service", role=Role.SERVICE)


NEXT_CENTURY = datetime(2101, 1, 1, tzinfo=UTC)
"""A fixed time: each worker of pytest-xdist must find tests of the same names."""


def refusal_of(token: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        verify_access_token(token)
    return refused.value.message


# ---------------------------------------------------------------- valid tokens


def test_issued_token_identifies_its_user(keys: SigningKeys) -> None:
    assert verify_access_token(issue_access_token(OPERATOR)) == OPERATOR


def test_token_lives_fifteen_minutes(keys: SigningKeys) -> None:
    young = issue_access_token(CUSTOMER, at=now() - timedelta(minutes=14, seconds=50))
    assert verify_access_token(young) == CUSTOMER
    old = issue_access_token(CUSTOMER, at=now() - timedelta(minutes=15, seconds=1))
    assert refusal_of(old) == "The access token has expired."


def test_token_that_was_verified_before_expires(
    keys: SigningKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, at = issue_access_token(CUSTOMER), now()
    assert verify_access_token(token) == CUSTOMER
    monkeypatch.setattr(auth, "now", lambda: at + timedelta(minutes=15, seconds=1))
    assert refusal_of(token) == "The access token has expired."


def test_token_that_was_verified_before_ends_with_its_key(
    keys: SigningKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issue_access_token(CUSTOMER)
    assert verify_access_token(token) == CUSTOMER
    use_keys(monkeypatch, signing_keys("another"))
    assert refusal_of(token).endswith("unknown key.")
    use_keys(monkeypatch, signing_keys(*(each.kid for each in keys.keys)))
    assert refusal_of(token).endswith("unknown key."), "another key has this name"
    use_keys(monkeypatch, keys)
    assert verify_access_token(token) == CUSTOMER


def test_a_bounded_number_of_tokens_is_remembered() -> None:
    assert auth._verified.cache_parameters()["maxsize"] == auth.MAX_VERIFIED


def test_no_two_tokens_are_the_same(keys: SigningKeys) -> None:
    at = now()
    assert issue_access_token(CUSTOMER, at) != issue_access_token(CUSTOMER, at)


def test_rotation_keeps_users_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    both = signing_keys("old", "new")
    use_keys(monkeypatch, both.model_copy(update={"current": "old"}))
    before = issue_access_token(CUSTOMER)
    use_keys(monkeypatch, both)
    after = issue_access_token(CUSTOMER)
    assert jwt.get_unverified_header(after)["kid"] == "new"
    assert verify_access_token(before) == verify_access_token(after) == CUSTOMER


def test_published_keys_verify_our_tokens_and_contain_no_secret(keys: SigningKeys) -> None:
    token = issue_access_token(CUSTOMER)
    published = public_keys()
    (jwk,) = published["keys"]
    verified = jwt.decode(token, jwt.PyJWK(jwk), algorithms=["ES256"], audience="tidings-api")
    assert verified["sub"] == CUSTOMER_ID
    assert jwk["kid"] == "key-1"
    assert (jwk["use"], jwk["alg"], jwk["crv"]) == ("sig", "ES256", "P-256")
    assert "d" not in jwk


def test_age_of_the_key_is_not_published(monkeypatch: pytest.MonkeyPatch) -> None:
    keys, at = signing_keys("old", "new"), now()
    made = [keys.keys[0], keys.keys[1].model_copy(update={"created_at": at})]
    use_keys(monkeypatch, keys.model_copy(update={"keys": made}))
    assert signing_since() == at
    assert public_keys().keys() == {"keys"}
    assert all("created_at" not in each for each in public_keys()["keys"])


# --------------------------------------------------------------- counted tokens


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the outcomes of tokens that are counted from now on."""
    found: list[str] = []

    def count(name: str, labels: dict[str, str]) -> None:
        assert name == metrics.ACCESS_TOKENS
        found.append(labels["outcome"])

    monkeypatch.setattr(metrics, "count", count)
    return found


def test_only_the_first_call_of_a_token_is_counted(keys: SigningKeys, counted: list[str]) -> None:
    token = issue_access_token(CUSTOMER)
    for _ in range(3):
        verify_access_token(token)
    assert counted == ["issued", "verified"]


def test_refused_tokens_are_counted_by_reason(keys: SigningKeys, counted: list[str]) -> None:
    ours, foreign = keys.keys[0], SigningKey(kid="key-1", private_key=private_key())
    expired = claims(now() - timedelta(hours=1))
    for token in (
        signed(claims(), ours, kid="key-2"),
        signed(expired, ours, kid="key-2"),
        signed(expired, ours),
        signed(claims(), foreign),
        signed(claims(aud="another-api"), ours),
        "a.b.c",
    ):
        assert refusal_of(token)
    assert counted == [
        "unknown_key",
        *("expired", "expired"),  # the first one is of a key that is gone since a rotation
        "bad_signature",
        *("malformed", "malformed"),
    ]


def test_verified_token_whose_key_is_withdrawn_is_counted_at_each_call(
    keys: SigningKeys, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issue_access_token(CUSTOMER)
    verify_access_token(token)
    use_keys(monkeypatch, signing_keys("another"))
    assert refusal_of(token) == refusal_of(token)
    assert counted == ["issued", "verified", "unknown_key", "unknown_key"]


@pytest.mark.parametrize("expires_at", ["0", "true", '"0"', "1e400", "NaN", "[]"])
def test_claim_of_an_unverified_token_may_be_anything(
    expires_at: str, keys: SigningKeys, counted: list[str]
) -> None:
    content = urlsafe_b64encode(f'{{"exp": {expires_at}}}'.encode()).rstrip(b"=").decode()
    assert refusal_of(f"{segment({'alg': 'ES256', 'kid': 'key-2'})}.{content}.e30")
    assert counted in (["expired"], ["unknown_key"])


def test_token_of_an_ended_session_is_counted(
    counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = admission._Admission(Counted(1, 60), "1", None, None)
    monkeypatch.setattr(admission, "_ask", lambda *_: ended)
    with pytest.raises(Unauthenticated):
        admission.admit(CUSTOMER)
    assert counted == ["session_ended"]


# --------------------------------------------------------------- invalid tokens


def test_token_without_a_signature_is_refused(keys: SigningKeys) -> None:
    content = claims()
    body = {**content, "iat": 0, "exp": 2**31}
    for algorithm in ("none", "None", "NONE"):
        header = segment({"alg": algorithm, "typ": "JWT", "kid": "key-1"})
        assert refusal_of(f"{header}.{segment(body)}.") == "The access token is not valid."
    assert refusal_of(jwt.encode(content, "", algorithm="none", headers={"kid": "key-1"}))


def test_token_of_a_foreign_key_is_refused(keys: SigningKeys) -> None:
    foreign = SigningKey(kid="key-1", private_key=private_key())
    assert refusal_of(signed(claims(role="admin"), foreign)) == "The access token is not valid."


def test_token_with_a_changed_claim_is_refused(keys: SigningKeys) -> None:
    header, _, signature = issue_access_token(CUSTOMER).split(".")
    raised = claims(role="admin") | {"iat": 0, "exp": 2**31}
    assert refusal_of(f"{header}.{segment(raised)}.{signature}")


def test_public_key_does_not_serve_as_a_shared_secret(keys: SigningKeys) -> None:
    # jwt.encode refuses a PEM as a secret, so the test signs the token itself.
    secret = public_pem(keys.keys[0].private_key)
    header = segment({"alg": "HS256", "typ": "JWT", "kid": "key-1"})
    content = segment({**claims(), "role": "admin", "iat": 0, "exp": 2**31})
    mac = hmac.digest(secret, f"{header}.{content}".encode(), hashlib.sha256)
    signature = urlsafe_b64encode(mac).rstrip(b"=").decode()
    assert refusal_of(f"{header}.{content}.{signature}") == "The access token is not valid."


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another-api"},
        {"aud": ["another-api"]},
        {"iss": "somebody"},
        {"iss": None},
        {"aud": None},
        {"sub": None},
        {"role": None},
        {"iat": None},
        {"exp": None},
        {"sid": None},
        {"sid": ""},
        {"sid": 7},
        {"ver": None},
        {"ver": "latest"},
        {"role": "superuser"},
        {"role": "ADMIN"},
        {"role": ["admin"]},
        {"sub": 7},
        {"sub": {"$ne": ""}},
        {"exp": "soon"},
        {"iat": NEXT_CENTURY},
        {"nbf": NEXT_CENTURY},
    ],
    ids=str,
)
def test_token_with_other_claims_is_refused(change: dict[str, Any], keys: SigningKeys) -> None:
    assert verify_access_token(signed(claims(), keys.keys[0])) == CUSTOMER
    # Signed with PyJWS, because jwt.encode would refuse some of these.
    content = {
        name: int(value.timestamp()) if hasattr(value, "timestamp") else value
        for name, value in claims(**change).items()
    }
    key = keys.keys[0]
    token = jwt.PyJWS().encode(
        json.dumps(content).encode(), key.private_key, "ES256", headers={"kid": key.kid}
    )
    assert refusal_of(token) == "The access token is not valid."


@pytest.mark.parametrize("kid", ["key-2", "", "../../etc/passwd", "key-1 "])
def test_token_of_an_unknown_key_is_refused(kid: str, keys: SigningKeys) -> None:
    assert refusal_of(signed(claims(), keys.keys[0], kid=kid)).endswith("unknown key.")


def test_key_in_the_tokens_own_header_is_ignored(keys: SigningKeys) -> None:
    foreign = SigningKey(kid="key-1", private_key=private_key())
    own = jwt.algorithms.ECAlgorithm.to_jwk(
        jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).prepare_key(
            public_pem(foreign.private_key)
        ),
        as_dict=True,
    )
    assert refusal_of(signed(claims(), foreign, jwk=own, jku="https://evil.example/keys"))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "größe.größe.größe",
        "\ud800",
        "e30.e30.e30",
        "..",
        "\x00",
    ],
    ids=ascii,
)
def test_text_that_is_not_a_token_is_refused(token: str, keys: SigningKeys) -> None:
    assert refusal_of(token)


@given(st.text())
def test_any_header_is_accepted_or_refused(header: str) -> None:
    fresh = signing_keys_once()
    with pytest.MonkeyPatch.context() as patch:
        use_keys(patch, fresh)
        with suppress(Unauthenticated):
            assert authenticate(header) is None


def signing_keys_once(_kept: list[SigningKeys] = []) -> SigningKeys:  # noqa: B006 (meant)
    if not _kept:
        _kept.append(signing_keys())
    return _kept[0]


# ------------------------------------------------------------------ the header


@pytest.mark.parametrize("header", [None, ""])
def test_missing_header_is_anonymous(header: str | None) -> None:
    assert authenticate(header) is None


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_bearer_token_is_accepted(scheme: str, keys: SigningKeys) -> None:
    assert authenticate(f"{scheme} {issue_access_token(CUSTOMER)}") == CUSTOMER
    assert authenticate(f"{scheme}   {issue_access_token(CUSTOMER)} ") == CUSTOMER


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic dTpw", "Token abc", "abc", " "])
def test_other_schemes_are_refused_rather_than_anonymous(header: str) -> None:
    with pytest.raises(Unauthenticated, match="Bearer"):
        authenticate(header)


# ------------------------------------------------------------------- the roles


def test_each_role_includes_the_lesser_ones() -> None:
    people = get_args(PersonRole)
    table = {(mine, needed): mine.includes(needed) for mine in people for needed in people}
    assert {pair for pair, included in table.items() if not included} == {
        (Role.CUSTOMER, Role.OPERATOR),
        (Role.CUSTOMER, Role.ADMIN),
        (Role.OPERATOR, Role.ADMIN),
    }


@pytest.mark.parametrize("role", get_args(PersonRole))
def test_service_role_is_outside_of_the_order(role: Role) -> None:
    assert not Role.SERVICE.includes(role)
    assert not role.includes(Role.SERVICE)
    with pytest.raises(Forbidden):
        require(SERVICE, role)
    assert require(SERVICE, role, services=True) is SERVICE


def test_operation_for_services_is_closed_to_lesser_roles() -> None:
    with pytest.raises(Forbidden):
        require(CUSTOMER, Role.OPERATOR, services=True)


def test_anonymous_caller_is_asked_to_sign_in() -> None:
    with pytest.raises(Unauthenticated, match="Sign in"):
        require(None, Role.CUSTOMER)


def test_lesser_role_is_refused() -> None:
    with pytest.raises(Forbidden, match="admin"):
        require(OPERATOR, Role.ADMIN)
    assert require(ADMIN, Role.OPERATOR) is ADMIN


def test_personal_data_is_open_to_its_owner_and_to_operators() -> None:
    for principal in (CUSTOMER, OPERATOR, ADMIN):
        require_self(principal, CUSTOMER_ID)
    with pytest.raises(Forbidden):
        require_self(CUSTOMER, "somebody-else")
