"""A client of the shop that knows the API's address and uses none of our code."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

PASSWORD = "correct horse battery"

REGISTER = "mutation($i: RegisterUserInput!) { registerUser(input: $i) { email message } }"
LOGIN = "mutation($i: LoginInput!) { login(input: $i) { accessToken expiresIn user { id role } } }"
CREATE_PRODUCT = "mutation($i: CreateProductInput!) { createProduct(input: $i) { id sku stock } }"
PLACE_ORDER = "mutation($i: PlaceOrderInput!) { placeOrder(input: $i) { id state correlationId } }"
GET_ORDER = "query($id: ID!) { getOrder(id: $id) { id state history { state reason } } }"
TOLD_TO_MANY = frozenset({"order.status_update", "recommendation.generated"})
"""The kinds that a daily rule sends to all its customers: another test or the clock may fire it."""

INBOX = """query($after: String, $unread: Boolean) {
  getUserNotifications(first: 100, after: $after, unreadOnly: $unread) {
    totalCount
    nodes { id kind title body subjectId correlationId readAt }
  }
}"""


@dataclass
class Shop:
    """Calls GraphQL and REST over HTTPS, with or without a token."""

    api_url: str
    http: httpx.Client
    token: str | None = None
    user_id: str | None = None

    def graphql(self, query: str, headers: dict[str, str] | None = None, **variables: Any) -> Any:
        """Return the `data` of an operation that must succeed."""
        body = self.try_graphql(query, headers, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    def try_graphql(
        self, query: str, headers: dict[str, str] | None = None, **variables: Any
    ) -> dict[str, Any]:
        """Return the complete answer of an operation."""
        answer = self.http.post(
            f"{self.api_url}/graphql",
            json={"query": query, "variables": variables},
            headers=self._headers() | (headers or {}),
        )
        body: dict[str, Any] = answer.json()
        return body

    def rest(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Call a REST endpoint below /api/v1."""
        url = f"{self.api_url}/api/v1{path}"
        own = self._headers() | (headers or {})
        return self.http.request(method, url, json=body, headers=own)

    def register(self, name: str = "Ada") -> "Shop":
        """Return a client signed in as a new customer."""
        email = f"{name.lower()}-{uuid4().hex}@example.com"
        self.graphql(REGISTER, i={"email": email, "password": PASSWORD, "name": name})
        return self.login(email, PASSWORD)

    def login(self, email: str, password: str) -> "Shop":
        """Return a client signed in as this person."""
        session = self.graphql(LOGIN, i={"email": email, "password": password})["login"]
        return Shop(self.api_url, self.http, session["accessToken"], session["user"]["id"])

    def create_product(self, stock: int, amount: int = 1250) -> str:
        """Return the id of a new product (administrators only)."""
        product = {
            "sku": f"SKU-{uuid4().hex[:12]}",
            "title": "Fountain pen",
            "price": {"amount": amount, "currency": "EUR"},
            "stock": stock,
        }
        created = self.graphql(CREATE_PRODUCT, i=product)["createProduct"]
        return str(created["id"])

    def place_order(self, product_id: str, quantity: int = 1, correlation: str = "") -> str:
        """Return the id of an accepted order."""
        headers = {"X-Correlation-Id": correlation} if correlation else {}
        wanted = {"items": [{"productId": product_id, "quantity": quantity}]}
        return str(self.graphql(PLACE_ORDER, headers, i=wanted)["placeOrder"]["id"])

    def order_state(self, order_id: str) -> str:
        return str(self.graphql(GET_ORDER, id=order_id)["getOrder"]["state"])

    def notifications(self) -> list[dict[str, Any]]:
        """Return the newest notifications."""
        nodes: list[dict[str, Any]] = self.graphql(INBOX)["getUserNotifications"]["nodes"]
        return nodes

    def inbox_about(self, *subjects: str) -> list[dict[str, Any]]:
        """Return the newest notifications about these subjects, without those for many people."""
        return [
            each
            for each in self.notifications()
            if each["subjectId"] in subjects and each["kind"] not in TOLD_TO_MANY
        ]

    def stock_of(self, product_id: str) -> int:
        """Return the stock of a product."""
        return int(self.rest("GET", f"/products/{product_id}").json()["data"]["stock"])

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}
