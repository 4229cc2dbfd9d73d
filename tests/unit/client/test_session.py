"""The client renews tokens once, opens envelopes, and turns refusals into exceptions."""

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from infra.client.tidings_client.client import AsyncClient, Client
from infra.client.tidings_client.errors import (
    ApiError,
    Detail,
    InvalidRequest,
    RateLimited,
    Unauthenticated,
    Unavailable,
)

ADDRESS = "https://api.example.com/local"
ADA = {"id": "ada", "role": "customer"}


def envelope(data: Any, meta: Any = None, status: int = 200) -> httpx.Response:
    body = {"success": True, "data": data, "message": "", "error": None, "meta": meta}
    return httpx.Response(status, json=body)


def refusal(status: int, code: str, **headers: str) -> httpx.Response:
    error = {"code": code, "message": "No.", "details": [{"field": "items", "message": "Empty."}]}
    body = {"success": False, "data": None, "message": "No.", "error": error, "meta": None}
    return httpx.Response(status, json=body, headers=headers)


class Api:
    """An API whose access tokens are valid until `expire`, and whose refresh tokens work once."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.valid = "access-0"
        self.refresh = "refresh-0"
        self.renewal: httpx.Response | None = None
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests.append(request)
            return self._answer(request)

    def expire(self) -> None:
        self.valid = "none"

    def calls(self, path: str) -> list[httpx.Request]:
        return [each for each in self.requests if each.url.path == f"/local/api/v1{path}"]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/local/api/v1")
        body = json.loads(request.content or b"{}")
        if path == "/login" and body["password"] != "right":
            return refusal(401, "UNAUTHENTICATED")
        if path == "/refresh" and self.renewal is not None:
            return self.renewal
        if path == "/refresh" and body["refresh_token"] != self.refresh:
            return refusal(401, "UNAUTHENTICATED")
        if path in ("/login", "/refresh", "/service-sessions"):
            number = len(self.requests)
            self.valid, self.refresh = f"access-{number}", f"refresh-{number}"
            tokens = {"access_token": self.valid, "refresh_token": self.refresh, "user": ADA}
            if path == "/service-sessions":
                del tokens["refresh_token"], tokens["user"]
            return envelope(tokens | {"device_token": "device"})
        if request.headers.get("Authorization") != f"Bearer {self.valid}":
            return refusal(401, "UNAUTHENTICATED")
        return envelope(body)


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def client(api: Api) -> Client:
    return Client(ADDRESS, transport=httpx.MockTransport(api))


def answering(answer: Callable[[httpx.Request], httpx.Response]) -> Client:
    return Client(ADDRESS, transport=httpx.MockTransport(answer))


ORDER = {"items": [{"product_id": "pen", "quantity": 1}]}


def place(client: Client) -> Any:
    return client.call("POST", "/api/v1/orders", json=ORDER)


def test_sign_in_returns_the_person_and_signs_later_calls(api: Api, client: Client) -> None:
    me = client.sign_in("ada@example.com", "right")
    assert (me.user_id, me.role, me.device_token) == ("ada", "customer", "device")
    assert place(client) == ORDER
    assert api.requests[-1].headers["Authorization"] == f"Bearer {api.valid}"


def test_device_token_is_sent(api: Api, client: Client) -> None:
    client.sign_in("ada@example.com", "right", device_token="device")
    assert json.loads(api.requests[-1].content)["device_token"] == "device"


def test_expired_token_is_renewed_and_the_call_repeated(api: Api, client: Client) -> None:
    client.sign_in("ada@example.com", "right")
    for _ in range(2):
        api.expire()
        assert place(client) == ORDER
    assert len(api.calls("/refresh")) == 2
    assert [json.loads(each.content) for each in api.calls("/orders")] == [ORDER] * 4


def test_threads_renew_a_token_once(api: Api) -> None:
    together = threading.Barrier(8, timeout=60)

    def answer(request: httpx.Request) -> httpx.Response:
        answered = api(request)
        if answered.status_code == 401 and request.url.path.endswith("/orders"):
            together.wait()  # all have used the expired token before one of them can renew it
        return answered

    with answering(answer) as client, ThreadPoolExecutor(8) as threads:
        client.sign_in("ada@example.com", "right")
        api.expire()
        assert list(threads.map(lambda _: place(client), range(8))) == [ORDER] * 8
    assert len(api.calls("/refresh")) == 1


def test_tasks_renew_a_token_once(api: Api) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        answered = api(request)
        await asyncio.sleep(0)  # the other tasks get their refusals, too
        return answered

    async def play() -> list[Any]:
        async with AsyncClient(ADDRESS, transport=httpx.MockTransport(answer)) as client:
            me = await client.sign_in("ada@example.com", "right")
            assert me.user_id == "ada"
            api.expire()
            calls = [client.call("POST", "/api/v1/orders", json=ORDER) for _ in range(24)]
            return list(await asyncio.gather(*calls))

    assert asyncio.run(play()) == [ORDER] * 24
    assert len(api.calls("/refresh")) == 1


def test_refused_renewal_ends_the_session(api: Api, client: Client) -> None:
    client.sign_in("ada@example.com", "right")
    api.expire()
    api.refresh = "used by another"
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            place(client)
    assert len(api.calls("/refresh")) == 1
    assert "Authorization" not in api.requests[-1].headers


def test_failed_renewal_is_tried_again_by_the_next_call(api: Api, client: Client) -> None:
    client.sign_in("ada@example.com", "right")
    api.expire()
    api.renewal = httpx.Response(503, json={"message": "Service Unavailable"})
    with pytest.raises(Unavailable, match="503: Service Unavailable"):
        place(client)
    api.renewal = None
    assert place(client) == ORDER


def test_wrong_password_is_not_sent_twice(api: Api, client: Client) -> None:
    client.sign_in("ada@example.com", "right")
    with pytest.raises(Unauthenticated):
        client.sign_in("ada@example.com", "wrong")
    assert (len(api.calls("/login")), len(api.calls("/refresh"))) == (2, 0)
    assert place(client) == ORDER  # the first session is still there


def test_service_signs_in_again(api: Api, client: Client) -> None:
    client.sign_in_service("packing", "secret")
    api.expire()
    assert place(client) == ORDER
    bodies = [json.loads(each.content) for each in api.calls("/service-sessions")]
    assert bodies == [{"client_id": "packing", "client_secret": "secret"}] * 2


def test_sign_out_forgets_the_tokens(api: Api, client: Client) -> None:
    client.sign_in("ada@example.com", "right")
    client.sign_out()
    assert len(api.calls("/logout")) == 1
    with pytest.raises(Unauthenticated):
        place(client)
    assert len(api.calls("/refresh")) == 0


def test_list_has_items_and_meta() -> None:
    page = envelope([1, 2], {"total": 2, "next_cursor": None})
    found = answering(lambda _: page).call("GET", "/api/v1/products")
    assert found == {"items": [1, 2], "meta": {"total": 2, "next_cursor": None}}


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (httpx.Response(200, json={"keys": []}), {"keys": []}),
        (
            httpx.Response(200, text="<p>Bye</p>", headers={"Content-Type": "text/html"}),
            "<p>Bye</p>",
        ),
    ],
)
def test_answer_without_envelope_is_returned_as_it_is(answer: httpx.Response, content: Any) -> None:
    assert answering(lambda _: answer).call("GET", "/x") == content


def test_refusal_says_what_is_wrong() -> None:
    answer = refusal(400, "BAD_USER_INPUT", **{"X-Correlation-Id": "abc"})
    with pytest.raises(InvalidRequest, match=r"^400 BAD_USER_INPUT: No\.$") as raised:
        answering(lambda _: answer).call("POST", "/api/v1/orders", json={})
    error = raised.value
    assert (error.status, error.code, error.message) == (400, "BAD_USER_INPUT", "No.")
    assert error.details == (Detail("items", "Empty."),)
    assert (error.correlation_id, error.retry_after) == ("abc", None)


@pytest.mark.parametrize(("header", "seconds"), [("2", 2), ("Wed, 21 Oct 2026 07:28:00 GMT", None)])
def test_refusal_says_when_to_try_again(header: str, seconds: float | None) -> None:
    answer = refusal(429, "RATE_LIMITED", **{"Retry-After": header})
    with pytest.raises(RateLimited) as raised:
        answering(lambda _: answer).call("GET", "/x")
    assert raised.value.retry_after == seconds


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(403, json={"message": "Missing Authentication Token"}),
        httpx.Response(502, json={"message": None}),
        httpx.Response(504, text="<html>"),
        httpx.Response(503, json=[]),
        httpx.Response(418),
    ],
)
def test_answers_of_gateways_and_proxies_are_errors(answer: httpx.Response) -> None:
    with pytest.raises(ApiError) as raised:
        answering(lambda _: answer).call("GET", "/x")
    assert (raised.value.status, raised.value.code) == (answer.status_code, None)
    assert raised.value.message
