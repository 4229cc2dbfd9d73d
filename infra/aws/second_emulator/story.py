"""A customer's story by HTTP: each step is a sentence, and raises if it is not so."""

import json
import re
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from infra.aws.second_emulator.emulator import Failed, fetched, wait_for

PASSWORD: Final = "correct horse battery staple"
HANDLED_WITHIN_SECONDS: Final = 60
# Ten characters of Crockford's base 32, as in tidings.users.codes.
CODE: Final = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{10}\b")
LOGIN: Final = "mutation($i: LoginInput!) { login(input: $i) { accessToken } }"
PRODUCTS: Final = "{ getProducts(first: 100) { nodes { id } } }"


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    content: Any


class Story:
    """Plays against one API.

    Args:
        api: the URL of the API's stage.
        emulator: the emulator's URL.
        invoke: calls a function of the stack by its name.
    """

    def __init__(self, api: str, emulator: str, invoke: Callable[[str, Any], Any]) -> None:
        run = secrets.token_hex(4)
        self._api, self._emulator, self._invoke = api, emulator, invoke
        self._admin, self._customer = f"admin-{run}@shop.example", f"ada-{run}@shop.example"
        self._sku = f"ENGINE-{run}".upper()
        self._tokens: dict[str, str] = {}
        self._product = self._order = ""

    def steps(self) -> list[Callable[[], None]]:
        """Return the steps in their order; the docstring of each says what it proves."""
        return [
            self.health,
            self.administrator,
            self.closed_routes,
            self.product,
            self.catalogue,
            self.registration,
            self.verification,
            self.order,
            self.confirmation,
            self.notification,
            self.mail,
        ]

    def health(self) -> None:
        """`GET /health` answers, with the correlation id of the caller"""
        answer = self.rest("GET", "/health", headers={"X-Correlation-Id": "story-1"})
        expect(answer, 200)
        if answer.headers.get("x-correlation-id") != "story-1":
            raise Failed("the answer has another correlation id")

    def administrator(self) -> None:
        """`create-admin` is invoked; the administrator signs in by GraphQL"""
        self._invoke("create-admin", {"email": self._admin, "password": PASSWORD})
        given = {"email": self._admin, "password": PASSWORD}
        session = self.graphql(LOGIN, {"i": given})["login"]
        self._tokens[self._admin] = session["accessToken"]

    def closed_routes(self) -> None:
        """an unknown path gets 403, and a missing token 401"""
        expect(self.rest("GET", "/nothing-here"), 403)
        expect(self.rest("POST", "/api/v1/orders", {"items": []}), 401)

    def product(self) -> None:
        """a product is created by REST"""
        described = {"sku": self._sku, "title": "Analytical Engine", "stock": 3}
        described |= {"price": {"amount": 4900, "currency": "EUR"}}
        answer = self.rest("POST", "/api/v1/products", described, by=self._admin)
        self._product = expect(answer, 201)["id"]

    def catalogue(self) -> None:
        """anyone finds it by GraphQL"""
        found = self.graphql(PRODUCTS)["getProducts"]["nodes"]
        if self._product not in [each["id"] for each in found]:
            raise Failed("the product is not in the catalogue")

    def registration(self) -> None:
        """a customer registers and signs in by REST"""
        person = {"email": self._customer, "password": PASSWORD, "name": "Ada Lovelace"}
        expect(self.rest("POST", "/api/v1/register", person), 201)
        answer = self.rest("POST", "/api/v1/login", {"email": self._customer, "password": PASSWORD})
        self._tokens[self._customer] = expect(answer, 200)["access_token"]

    def verification(self) -> None:
        """the code of a mail, which the consumers sent, verifies the address"""
        code = wait_for(self._code, HANDLED_WITHIN_SECONDS, "the mail with the code")
        proof = {"email": self._customer, "code": code, "password": PASSWORD}
        expect(self.rest("POST", "/api/v1/verify-email", proof), 200)

    def order(self) -> None:
        """the customer orders by REST, with an idempotency key; a repetition is the same order"""
        body = {"items": [{"product_id": self._product, "quantity": 2}]}
        key = {"Idempotency-Key": secrets.token_hex(8)}
        answer = self.rest("POST", "/api/v1/orders", body, by=self._customer, headers=key)
        self._order = expect(answer, 201)["id"]
        again = self.rest("POST", "/api/v1/orders", body, by=self._customer, headers=key)
        if again.content["data"]["id"] != self._order:
            raise Failed("the repetition made another order")

    def confirmation(self) -> None:
        """the order is confirmed, through the queues and the aliases of the consumers"""

        def state() -> bool:
            answer = self.rest("GET", f"/api/v1/orders/{self._order}", by=self._customer)
            return bool(expect(answer, 200)["state"] == "confirmed")

        wait_for(state, HANDLED_WITHIN_SECONDS, "the confirmation")

    def notification(self) -> None:
        """the customer's inbox has the notification"""
        query = "{ getUserNotifications { nodes { subjectId } } }"

        def has_arrived() -> bool:
            inbox = self.graphql(query, by=self._customer)["getUserNotifications"]["nodes"]
            return self._order in [each["subjectId"] for each in inbox]

        wait_for(has_arrived, HANDLED_WITHIN_SECONDS, "the notification")

    def mail(self) -> None:
        """the mail about the order was given to SES"""
        wait_for(lambda: len(self._mails()) > 1, HANDLED_WITHIN_SECONDS, "the mail about the order")

    def rest(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call the API, as a person who has signed in."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if by is not None:
            sent["Authorization"] = f"Bearer {self._tokens[by]}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._api + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return _answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return _answer(error.code, error.headers, error.read())

    def graphql(self, document: str, variables: Any = None, *, by: str | None = None) -> Any:
        answer = self.rest("POST", "/graphql", {"query": document, "variables": variables}, by=by)
        if answer.status != 200 or answer.content.get("errors"):
            raise Failed(f"GraphQL: {answer.status} {str(answer.content)[:300]}")
        return answer.content["data"]

    def _mails(self) -> list[str]:
        """Return the texts of the mails to the customer that SES has."""
        found = fetched(f"{self._emulator}/_ministack/ses/messages") or {"messages": {}}
        mails = [mail for each in found["messages"].values() for mail in each]
        return [each["BodyText"] for each in mails if self._customer in str(each["To"])]

    def _code(self) -> str | None:
        return next((found[0] for mail in self._mails() if (found := CODE.search(mail))), None)


def expect(answer: Answer, status: int) -> Any:
    """Return the data of an answer.

    Raises:
        Failed: it has another status.
    """
    if answer.status != status:
        raise Failed(f"the answer is {answer.status}, not {status}: {str(answer.content)[:300]}")
    return answer.content.get("data") if isinstance(answer.content, dict) else None


def _answer(status: int, headers: Any, body: bytes) -> Answer:
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        return Answer(status, lower, json.loads(body))
    except ValueError:
        return Answer(status, lower, body.decode(errors="replace"))
