"""Attacks by HTTP on the running API: each is refused fast, in a short answer, without an effect.

A fixed part runs with all tests; `make fuzz` runs every attack on every endpoint.
"""

import re
import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.attacks import BODIES, DOCUMENTS, KINDS, Attack, graphql_body
from tests.e2e.shop import Shop

JSON = {"Content-Type": "application/json"}
# However large the request is.
MOST_BYTES = 20_000
# An attack may take this multiple of an ordinary request's time, and a moment for the machine.
MOST_TIMES = 10
MOMENT_SECONDS = 0.3
TRIES = 3
COMPARISONS = 3
FIXED = ("text/plain in disguise", "no kind", "digits", "exponent", "nested", "unknown keys",
         "a name twice", "bad UTF-8")  # fmt: skip
ATTACKS = KINDS | BODIES
FEW_DOCUMENTS = ("fields in conflict", "digits", "unknown keys", "nested lists")


@pytest.fixture(scope="module")
def attacker(shop: Shop) -> Shop:
    """Return a client of one customer for all attacks, because each is refused.

    A registration and its sign-in calculate two password hashes, of about 0.1 s each.
    """
    return shop.register("Mallory")


def send(
    shop: Shop, method: str, path: str, content: bytes | None = None, **headers: str | None
) -> httpx.Response:
    """Send a request unchanged; a header that is None is left out."""
    own = {"Authorization": f"Bearer {shop.token}"} if shop.token else {}
    given = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
    request = shop.http.build_request(
        method, f"{shop.api_url}{path}", content=content, headers=own | given
    )
    if "Content_Type" in headers and headers["Content_Type"] is None:
        request.headers.pop("Content-Type", None)
    return shop.http.send(request)


def judge(answer: httpx.Response) -> None:
    """Check the properties that every answer must have."""
    assert answer.status_code < 500, answer.text[:300]
    assert '"INTERNAL"' not in answer.text, answer.text[:300]
    assert len(answer.content) < MOST_BYTES
    assert "Traceback" not in answer.text
    judge_headers(answer)


def judge_headers(answer: httpx.Response) -> None:
    if "X-Correlation-Id" not in answer.headers:
        assert answer.status_code in {400, 403, 404, 405, 413}, (
            "the answer is API Gateway's, not ours"
        )
        return
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    assert answer.headers["Cache-Control"] == "no-store" or answer.request.method == "GET"
    assert "Set-Cookie" not in answer.headers


def fire(shop: Shop, method: str, path: str, attack: Attack) -> httpx.Response:
    answer = send(shop, method, path, attack.content, Content_Type=attack.content_type)
    judge(answer)
    return answer


def seconds_of(call: Callable[[], Any], times: int = TRIES) -> list[float]:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return taken


def is_fast(shop: Shop, call: Callable[[], Any]) -> bool:
    """Return whether the fastest of some calls takes about as long as an ordinary one.

    Other work of the machine can delay all of them, so they are compared again, beside new ordinary
    calls. A body that takes long to refuse does so each time.
    """
    ordinary = graphql_body("{__typename}")

    def refused_as_fast() -> bool:
        normal = seconds_of(
            lambda: send(shop, "POST", "/graphql", ordinary, Content_Type=JSON_TYPE), 5
        )
        return min(seconds_of(call)) < MOST_TIMES * statistics.median(normal) + MOMENT_SECONDS

    return any(refused_as_fast() for _ in range(COMPARISONS))


JSON_TYPE = "application/json"


# -------------------------------------------------------------------------- bodies


@pytest.mark.parametrize("name", FIXED)
@pytest.mark.parametrize("path", ["/api/v1/login", "/api/v1/orders", "/graphql"])
def test_body_is_refused_fast_in_a_short_answer(attacker: Shop, path: str, name: str) -> None:
    attack = ATTACKS[name]
    answer = fire(attacker, "POST", path, attack)
    assert answer.status_code in attack.statuses
    assert is_fast(attacker, lambda: fire(attacker, "POST", path, attack))


def endpoints_with_bodies(shop: Shop) -> list[tuple[str, str]]:
    """Return the method and path of every operation with a JSON body, by the served document."""
    document = shop.http.get(f"{shop.api_url}/api/v1/openapi.json").json()
    return [
        (method.upper(), re.sub(r"\{(\w+)\}", filled, path))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if JSON_TYPE in operation.get("requestBody", {}).get("content", {})
    ]


def filled(place: re.Match[str]) -> str:
    return {"template_code": "no_such_code", "user_id": "me", "id": "me"}.get(
        place[1], uuid4().hex[:24]
    )


@pytest.mark.fuzz
@pytest.mark.parametrize("name", ATTACKS)
def test_every_endpoint_refuses_the_body(admin: Shop, name: str) -> None:
    attack = ATTACKS[name]
    endpoints = endpoints_with_bodies(admin)
    assert len(endpoints) > 20
    for method, path in [*endpoints, ("POST", "/graphql")]:
        answer = fire(admin, method, path, attack)
        allowed = attack.statuses | {403, 404}
        assert answer.status_code in allowed, (method, path, answer.text[:300])


@pytest.mark.fuzz
@pytest.mark.parametrize("name", ATTACKS)
def test_anonymous_bodies_are_refused_fast(shop: Shop, name: str) -> None:
    attack = ATTACKS[name]
    for path in ("/api/v1/login", "/api/v1/register", "/api/v1/password/forgot"):
        assert fire(shop, "POST", path, attack).status_code in attack.statuses
        assert is_fast(shop, lambda path=path: fire(shop, "POST", path, attack))  # type: ignore[misc]


# ----------------------------------------------------------------------- documents


def fire_document(shop: Shop, name: str) -> httpx.Response:
    answer = send(shop, "POST", "/graphql", DOCUMENTS[name], Content_Type=JSON_TYPE)
    judge(answer)
    return answer


@pytest.mark.parametrize("name", FEW_DOCUMENTS)
def test_document_is_refused_fast_in_a_short_answer(attacker: Shop, name: str) -> None:
    assert "data" not in fire_document(attacker, name).json()
    assert is_fast(attacker, lambda: fire_document(attacker, name))


@pytest.mark.fuzz
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_is_refused_fast_in_a_short_answer(attacker: Shop, name: str) -> None:
    answer = fire_document(attacker, name)
    codes = {each["extensions"]["code"] for each in answer.json()["errors"]}
    assert codes <= {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"}
    assert "data" not in answer.json()
    assert is_fast(attacker, lambda: fire_document(attacker, name))


# ------------------------------------------------------------------------- headers


@pytest.mark.parametrize(
    "offered",
    ["a%0d%0aSet-Cookie: b=c", "a; Set-Cookie: b=c", "${jndi:ldap://x}", "x" * 3_000, "<script>"],
    ids=lambda each: each[:20],
)
def test_correlation_id_injects_nothing(shop: Shop, offered: str) -> None:
    answer = send(shop, "GET", "/api/v1/health", X_Correlation_Id=offered)
    judge_headers(answer)
    assert answer.status_code == 200
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["X-Correlation-Id"])


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_method_is_not_overridden(attacker: Shop, name: str) -> None:
    answer = attacker.rest("GET", "/users/me", headers={name: "DELETE"})
    assert answer.status_code == 200
    assert attacker.rest("GET", "/users/me").status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "FOO"])
def test_unsupported_method_does_nothing(attacker: Shop, method: str) -> None:
    query = graphql_body("{__typename}")
    for path in ("/graphql", "/api/v1/health", "/api/v1/login"):
        answer = send(attacker, method, path, query, Content_Type=JSON_TYPE)
        assert 400 <= answer.status_code < 500 or answer.status_code == 501
        assert "__typename" not in answer.text


def test_two_idempotency_keys_place_nothing(admin: Shop, customer: Shop) -> None:
    product = admin.create_product(stock=5)
    headers = [
        ("Authorization", f"Bearer {customer.token}"), ("Content-Type", JSON_TYPE),
        ("Idempotency-Key", "a"), ("Idempotency-Key", "b"),
    ]  # fmt: skip
    answer = customer.http.post(
        f"{customer.api_url}/api/v1/orders",
        json={"items": [{"product_id": product, "quantity": 1}]},
        headers=headers,
    )
    assert answer.status_code == 400
    assert customer.rest("GET", "/orders").json()["data"] == []


def test_quoted_idempotency_key_is_the_same_key(admin: Shop, customer: Shop) -> None:
    wanted = {"items": [{"product_id": admin.create_product(stock=5), "quantity": 1}]}
    key = str(uuid4())
    placed = {
        customer.rest("POST", "/orders", wanted, {"Idempotency-Key": each}).json()["data"]["id"]
        for each in (key, f'"{key}"', key)
    }
    assert len(placed) == 1
    assert len(customer.rest("GET", "/orders").json()["data"]) == 1


@pytest.mark.parametrize("key", ['"', '"a', 'a"', "a b", "x" * 200])
def test_malformed_idempotency_key_is_400(admin: Shop, attacker: Shop, key: str) -> None:
    wanted = {"items": [{"product_id": admin.create_product(stock=5), "quantity": 1}]}
    answer = attacker.rest("POST", "/orders", wanted, {"Idempotency-Key": key})
    assert answer.status_code == 400
    assert attacker.rest("GET", "/orders").json()["data"] == []


# -------------------------------------------------------------------------- caching


def test_private_answers_are_not_cached(shop: Shop, customer: Shop, admin: Shop) -> None:
    credentials = {"email": f"nobody-{uuid4().hex}@example.com", "password": "not the password"}
    answers = [
        shop.rest("POST", "/login", credentials),
        shop.rest("GET", "/users/me"),
        shop.rest("GET", "/health"),
        shop.rest("GET", "/products"),
        shop.rest("GET", "/unsubscribe/no-such-token"),
        shop.http.get(f"{shop.api_url}/metrics"),
        customer.rest("GET", "/users/me"),
        customer.rest("GET", "/users/me/export"),
        customer.rest("GET", "/orders"),
        admin.rest("GET", "/users"),
        admin.rest("GET", "/monitoring/failed-messages"),
    ]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store", answer.request.url
        judge_headers(answer)


def test_tokens_are_not_cached(shop: Shop) -> None:
    email = f"ada-{uuid4().hex}@example.com"
    account = {"email": email, "password": "correct horse battery", "name": "Ada"}
    assert shop.rest("POST", "/register", account).status_code < 300
    answer = shop.rest("POST", "/login", {"email": email, "password": account["password"]})
    assert answer.json()["data"]["access_token"]
    assert answer.headers["Cache-Control"] == "no-store"
    judge_headers(answer)


@pytest.mark.parametrize(
    "path", ["/api/v1/openapi.json", "/.well-known/jwks.json", "/graphql?query={__typename}"]
)
def test_public_answers_are_cacheable(shop: Shop, path: str) -> None:
    answer = shop.http.get(f"{shop.api_url}{path}")
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    judge_headers(answer)
