"""Tests of accounts with an API client and as an operator of the AWS account."""

import time
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest

from tests.e2e.codes import codes_in, verify
from tests.e2e.shop import PASSWORD, Shop
from tests.faults.stack import make
from tests.waiting import eventually

NEW_PASSWORD = "a quite different passphrase"
ME = "{ me { id email name role emailVerified preferences { language } } }"
LOGIN = """mutation($i: LoginInput!) { login(input: $i) {
  accessToken refreshToken user { id role }
} }"""
REFRESH = "mutation($t: String!) { refreshSession(refreshToken: $t) { accessToken refreshToken } }"


def signed_in(shop: Shop, email: str, password: str = PASSWORD) -> tuple[Shop, str]:
    """Return a client signed in as this person, and their refresh token."""
    session = shop.graphql(LOGIN, i={"email": email, "password": password})["login"]
    person = Shop(shop.api_url, shop.http, session["accessToken"], session["user"]["id"])
    return person, session["refreshToken"]


def a_customer(shop: Shop) -> tuple[Shop, str, str]:
    """Return a client signed in as a new customer, their address and their refresh token."""
    email = f"ada-{uuid4().hex}@example.com"
    registered = shop.rest(
        "POST", "/register", {"email": email, "password": PASSWORD, "name": "Ada"}
    )
    assert registered.status_code == 201
    person, refresh_token = signed_in(shop, email)
    return person, email, refresh_token


def code_of(answer: dict[str, Any]) -> str:
    """Return the code of the first error of a GraphQL answer."""
    return str(answer["errors"][0]["extensions"]["code"])


def kid_of(token: str | None) -> str:
    return str(jwt.get_unverified_header(token or "")["kid"])


def published_kids(shop: Shop) -> list[str]:
    keys = shop.http.get(f"{shop.api_url}/.well-known/jwks.json").json()["keys"]
    return [key["kid"] for key in keys]


def me(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = shop.graphql(ME)["me"]
    return found


def kinds(shop: Shop) -> list[str]:
    found = shop.rest("GET", "/notifications/me").json()["data"]
    return [each["kind"] for each in found]


def test_code_verifies_the_address_and_the_person_is_notified(shop: Shop) -> None:
    with codes_in("user.registered", "verification_code") as codes:
        customer, email, _ = a_customer(shop)
        assert me(customer)["emailVerified"] is False
        code = codes.of(str(customer.user_id))
    wrong = shop.rest("POST", "/verify-email", {"email": email, "code": "00000000"})
    assert (wrong.status_code, me(customer)["emailVerified"]) == (422, False)

    # In the same session, which stays open.
    answer = customer.rest("POST", "/verify-email", {"email": email, "code": code})

    assert answer.status_code == 200
    assert me(customer)["emailVerified"] is True
    assert eventually(lambda: "user.verified" in kinds(customer))
    assert kinds(customer).count("user.verified") == 1
    inbox = customer.rest("GET", "/notifications/me").text
    assert code not in inbox


def test_refresh_token_used_twice_ends_the_session_everywhere(shop: Shop) -> None:
    customer, _, first = a_customer(shop)
    renewed = shop.graphql(REFRESH, t=first)["refreshSession"]
    assert shop.rest("POST", "/refresh", {"refresh_token": first}).status_code == 401

    assert code_of(shop.try_graphql(REFRESH, t=renewed["refreshToken"])) == "UNAUTHENTICATED"
    thief = Shop(shop.api_url, shop.http, renewed["accessToken"], customer.user_id)
    assert thief.rest("GET", "/users/me").status_code == 401


def test_logout_ends_this_session_and_leaves_the_others(shop: Shop) -> None:
    here, email, _ = a_customer(shop)
    there, _ = signed_in(shop, email)

    assert here.rest("POST", "/logout", {}).status_code == 200

    assert here.rest("GET", "/users/me").status_code == 401
    assert there.rest("GET", "/users/me").status_code == 200
    assert there.rest("POST", "/logout", {"all_sessions": True}).status_code == 200
    assert there.rest("GET", "/users/me").status_code == 401


def test_forgotten_password_is_reset(shop: Shop) -> None:
    customer, email, refresh_token = a_customer(shop)
    with codes_in("user.password_reset_requested", "reset_code") as codes:
        known = shop.rest("POST", "/password/forgot", {"email": email})
        code = codes.of(str(customer.user_id))
    unknown = shop.rest("POST", "/password/forgot", {"email": f"{uuid4().hex}@example.com"})
    assert known.json() == unknown.json()

    reset = {"email": email, "code": code, "password": NEW_PASSWORD}
    assert shop.rest("POST", "/password/reset", reset).status_code == 200

    assert shop.rest("POST", "/password/reset", reset).status_code == 422
    assert shop.rest("POST", "/refresh", {"refresh_token": refresh_token}).status_code == 401
    old = shop.rest("POST", "/login", {"email": email, "password": PASSWORD})
    assert old.status_code == 401
    assert signed_in(shop, email, NEW_PASSWORD)


def test_guesses_are_delayed_with_the_time_to_wait(shop: Shop) -> None:
    email = f"{uuid4().hex}@example.com"
    guess = {"email": email, "password": "not the password"}

    answers = [shop.rest("POST", "/login", guess) for _ in range(12)]

    refused: list[httpx.Response] = [each for each in answers if each.status_code == 429]
    assert refused
    assert {each.status_code for each in answers} == {401, 429}
    assert all(int(each.headers["retry-after"]) >= 1 for each in refused)
    assert refused[0].json()["error"]["code"] == "RATE_LIMITED"


def test_guesses_of_others_do_not_block_a_known_device(shop: Shop) -> None:
    _, email, _ = a_customer(shop)
    own = {"email": email, "password": PASSWORD}
    token = shop.rest("POST", "/login", own).json()["data"]["device_token"]
    guess_until_refused_for(shop, email, seconds=7)

    with_token = shop.rest("POST", "/login", own | {"device_token": token})

    assert with_token.status_code == 200
    assert with_token.json()["data"]["device_token"] == token
    assert shop.rest("POST", "/login", own).status_code == 429, (
        "another client with the same network address"
    )


def guess_until_refused_for(shop: Shop, email: str, *, seconds: int) -> None:
    """Guess passwords, with the requested waits between, until a wait is that long."""
    guess = {"email": email, "password": "not the password"}
    for _ in range(60):
        answer = shop.rest("POST", "/login", guess)
        if answer.status_code != 429:
            continue
        told = int(answer.headers["retry-after"])
        if told >= seconds:
            return
        time.sleep(told)
    raise AssertionError(f"no wait of {seconds} seconds after 60 guesses")


def test_reset_requests_of_others_leave_the_owner_a_valid_code(shop: Shop) -> None:
    with codes_in("user.password_reset_requested", "reset_code") as codes:
        customer, email, _ = a_customer(shop)
        asked = [shop.rest("POST", "/password/forgot", {"email": email}) for _ in range(8)]
        assert {each.status_code for each in asked} == {200}
        code = codes.of(str(customer.user_id))
    wrong = {"email": email, "code": "0000000000", "password": NEW_PASSWORD}
    tried = [shop.rest("POST", "/password/reset", wrong).status_code for _ in range(25)]
    assert set(tried) <= {422, 429}

    reset = shop.rest("POST", "/password/reset", wrong | {"code": code})

    assert reset.status_code == 200
    own = {"email": email, "password": NEW_PASSWORD}
    token = reset.json()["data"]["device_token"]
    assert shop.rest("POST", "/login", own | {"device_token": token}).status_code == 200


def test_roles_are_granted_by_administrators_and_never_to_oneself(shop: Shop, admin: Shop) -> None:
    customer, email, _ = a_customer(shop)
    role = f"/users/{customer.user_id}/role"
    assert customer.rest("PUT", role, {"role": "admin"}).status_code == 403
    own = admin.rest("PUT", f"/users/{admin.user_id}/role", {"role": "customer"})
    assert own.status_code == 403

    assert admin.rest("PUT", role, {"role": "operator"}).status_code == 422
    verify(shop, email, customer.user_id)
    assert admin.rest("PUT", role, {"role": "operator"}).status_code == 200

    operator, _ = signed_in(shop, email)
    found = operator.rest("GET", f"/users?search={email}&role=operator").json()
    assert [each["id"] for each in found["data"]] == [customer.user_id]
    assert operator.rest("PUT", role, {"role": "admin"}).status_code == 403


def test_data_of_one_customer_cannot_be_changed_by_another(shop: Shop) -> None:
    victim, _, _ = a_customer(shop)
    stranger, _, _ = a_customer(shop)
    base = f"/users/{victim.user_id}"
    before = me(victim)

    refused = [
        stranger.rest("GET", base),
        stranger.rest("PATCH", base, {"name": "Eve"}),
        stranger.rest("DELETE", base),
        stranger.rest("PUT", f"{base}/preferences", {"language": "fr"}),
        stranger.rest("PUT", f"{base}/role", {"role": "admin"}),
        stranger.rest("GET", f"{base}/push-tokens"),
        stranger.rest("POST", f"{base}/push-tokens", {"platform": "ios", "token": "x"}),
        stranger.rest("GET", "/users"),
    ]

    assert {each.status_code for each in refused} == {403}
    assert me(victim) == before


def test_person_sets_preferences_and_a_device(shop: Shop) -> None:
    customer, _, _ = a_customer(shop)
    night = {"start": "22:00", "end": "07:00"}
    chosen = {"quiet_hours": night, "time_zone": "Europe/Berlin", "promotions": {"email": True}}

    changed = customer.rest("PUT", "/users/me/preferences", chosen).json()["data"]
    device = {"platform": "android", "token": uuid4().hex, "device": "phone"}
    added = customer.rest("POST", "/users/me/push-tokens", device)

    assert changed["preferences"]["quiet_hours"] == night
    assert changed["preferences"]["promotions"]["email"] is True
    inbox_off = customer.rest("PUT", "/users/me/preferences", {"orders": {"inbox": False}})
    assert inbox_off.status_code == 422
    assert added.status_code == 201
    tokens = "/users/me/push-tokens"
    assert [each["device"] for each in customer.rest("GET", tokens).json()["data"]] == ["phone"]
    assert customer.rest("DELETE", f"{tokens}/{added.json()['data']['id']}").status_code == 200
    assert customer.rest("GET", tokens).json()["data"] == []


def test_deleted_account_is_removed_and_its_orders_stay(shop: Shop, admin: Shop) -> None:
    customer, email, _ = a_customer(shop)
    order_id = customer.place_order(admin.create_product(stock=1))

    assert customer.rest("DELETE", "/users/me").status_code == 200

    assert customer.rest("GET", "/users/me").status_code == 401
    login = shop.rest("POST", "/login", {"email": email, "password": PASSWORD})
    assert login.status_code == 401
    assert admin.rest("GET", f"/users/{customer.user_id}").status_code == 404
    assert admin.rest("GET", f"/users?search={email}").json()["data"] == []
    assert admin.rest("GET", f"/orders/{order_id}").status_code == 200


@pytest.mark.parametrize("password", ["password", "12345678", "iloveyou"])
def test_common_password_is_refused_and_creates_no_account(password: str, shop: Shop) -> None:
    email = f"{uuid4().hex}@example.com"
    account = {"email": email, "password": password, "name": "Ada"}
    refused = shop.rest("POST", "/register", account)
    assert refused.status_code == 422
    assert refused.json()["error"]["details"][0]["field"] == "password"
    assert shop.rest("POST", "/login", {"email": email, "password": password}).status_code == 401


def test_rotated_key_signs_and_older_tokens_stay_valid(shop: Shop) -> None:
    before, email, _ = a_customer(shop)
    old = set(published_kids(shop))
    assert kid_of(before.token) in old

    # Rotated by the launcher, which saves the keys in case LocalStack loses them.
    make("rotate-keys")

    # Keys of earlier rotations may be gone: no valid token needs them.
    (new,) = eventually(lambda: set(published_kids(shop)) - old)
    assert kid_of(before.token) in published_kids(shop)
    assert me(before)["email"] == email
    after = eventually(lambda: _signed_by(shop, email, new))
    assert after is not None
    assert me(after)["email"] == email
    assert before.rest("GET", "/users/me").status_code == 200


def _signed_by(shop: Shop, email: str, kid: str) -> Shop | None:
    """Sign in; return None while the environment still signs with its cached key."""
    person, _ = signed_in(shop, email)
    return person if kid_of(person.token) == kid else None
