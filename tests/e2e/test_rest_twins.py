"""REST returns the same data as GraphQL, in its envelope."""

from uuid import uuid4

import httpx
import jwt

from tests.e2e.shop import PASSWORD, TOLD_TO_MANY, Shop
from tests.waiting import eventually

ENVELOPE = {"success", "data", "message", "error", "meta"}


def data_of(answer: httpx.Response, status: int = 200) -> object:
    """Check the envelope of a successful answer, and return its `data`."""
    body = answer.json()
    assert answer.status_code == status, body
    assert body.keys() == ENVELOPE
    assert body["success"] is True
    assert answer.headers["x-correlation-id"]
    return body["data"]


def rest_inbox(shop: Shop, order_id: str, path: str = "me") -> list[dict[str, str]]:
    """Return an inbox's notifications about one order, without those for many people."""
    found = data_of(shop.rest("GET", f"/notifications/{path}"))
    assert isinstance(found, list)
    about = [each for each in found if each["subject_id"] == order_id]
    return [each for each in about if each["kind"] not in TOLD_TO_MANY]


def test_customer_uses_rest_only(shop: Shop, admin: Shop) -> None:
    email = f"Grace-{uuid4().hex}@Example.com"
    account = {"email": email, "password": PASSWORD, "name": "Grace"}

    data_of(shop.rest("POST", "/register", account), 201)
    session = data_of(shop.rest("POST", "/login", {"email": email, "password": PASSWORD}))
    assert isinstance(session, dict)
    grace = Shop(shop.api_url, shop.http, session["access_token"], session["user"]["id"])
    me = data_of(grace.rest("GET", "/users/me"))
    assert isinstance(me, dict)
    assert me["email"] == email.lower()

    product_id = admin.create_product(stock=5)
    wanted = {"items": [{"product_id": product_id, "quantity": 2}]}
    order = data_of(grace.rest("POST", "/orders", wanted), 201)
    assert isinstance(order, dict)
    assert order["total"] == {"amount": 2500, "currency": "EUR"}

    inbox = eventually(lambda: rest_inbox(grace, order["id"]))
    assert [each["kind"] for each in inbox] == ["order.confirmed"]
    read = data_of(grace.rest("PUT", f"/notifications/read/{inbox[0]['id']}"))
    assert isinstance(read, dict)
    assert read["read_at"]
    assert rest_inbox(grace, order["id"], "unread/me") == []
    placed = data_of(grace.rest("GET", f"/orders/{order['id']}"))
    assert isinstance(placed, dict)
    assert placed["state"] == "confirmed"


def test_only_administrators_create_products(shop: Shop, admin: Shop, customer: Shop) -> None:
    product = {
        "sku": f"SKU-{uuid4().hex[:8]}",
        "title": "Ink",
        "price": {"amount": 500, "currency": "EUR"},
        "stock": 1,
    }
    assert shop.rest("POST", "/products", product).status_code == 401
    assert customer.rest("POST", "/products", product).status_code == 403
    listed = shop.rest("GET", "/products?limit=100").json()
    assert product["sku"] not in [each["sku"] for each in listed["data"]]

    data_of(admin.rest("POST", "/products", product), 201)
    twice = admin.rest("POST", "/products", product)
    assert twice.status_code == 409
    assert twice.json()["error"]["code"] == "CONFLICT"


def test_lists_have_the_position_of_their_page(shop: Shop, admin: Shop) -> None:
    for _ in range(3):
        admin.create_product(stock=1)

    meta = shop.rest("GET", "/products?limit=2&page=1").json()["meta"]

    assert meta["limit"] == 2
    assert meta["total"] >= 3
    assert meta["has_next"] is True
    assert meta["has_previous"] is False
    assert meta["total_pages"] == -(-meta["total"] // 2)


def test_order_of_another_customer_is_not_found(admin: Shop, shop: Shop, customer: Shop) -> None:
    order_id = customer.place_order(admin.create_product(stock=1))
    stranger = shop.register("Mallory")

    assert stranger.rest("GET", f"/orders/{order_id}").status_code == 404
    assert stranger.rest("GET", f"/notifications/{customer.user_id}").status_code == 403
    assert stranger.rest("GET", f"/users/{customer.user_id}").status_code == 403
    assert shop.rest("GET", f"/orders/{order_id}").status_code == 401
    assert admin.rest("GET", f"/orders/{order_id}").status_code == 200


def test_health_lists_every_service_with_its_latency(shop: Shop) -> None:
    for path in ("/health", "/api/v1/health"):
        shallow = data_of(shop.http.get(f"{shop.api_url}{path}"))
        assert shallow == {"status": "healthy", "services": {}}
        health = data_of(shop.http.get(f"{shop.api_url}{path}?deep=1"))
        assert isinstance(health, dict)
        assert health["status"] == "healthy"
        assert health["services"].keys() == {"mongodb", "redis", "redis_cache", "rabbitmq"}
        assert all(each["latency_ms"] >= 0 for each in health["services"].values())


def test_each_domain_tells_whether_its_queues_have_consumers(shop: Shop) -> None:
    for path in ("/health/orders", "/api/v1/health/delivery"):
        health = data_of(shop.http.get(f"{shop.api_url}{path}"))
        assert isinstance(health, dict)
        assert health["status"] == "healthy"
        assert health["services"]["queues"]["status"] == "up"


def test_third_party_library_verifies_our_tokens_with_the_published_keys(customer: Shop) -> None:
    keys = customer.http.get(f"{customer.api_url}/.well-known/jwks.json").json()
    assert customer.token
    kid = jwt.get_unverified_header(customer.token)["kid"]
    key = next(jwt.PyJWK(each) for each in keys["keys"] if each["kid"] == kid)

    claims = jwt.decode(
        customer.token, key.key, algorithms=["ES256"], audience="tidings-api", issuer="tidings"
    )

    assert claims["sub"] == customer.user_id
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert "d" not in keys["keys"][0], "a private key was published"
