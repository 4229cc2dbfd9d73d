"""The limits of calls by kind of caller: counted at once, told in each response, by cost."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import app
import pytest

from tests.integration.builders import (
    CONTEXT,
    a_person,
    a_redis_that_is_away,
    at_once,
    graphql,
    token_of,
)
from tests.unit.platform.builders import api_event
from tidings.platform.caching import cache
from tidings.platform.context import called_from
from tidings.platform.errors import RateLimited
from tidings.platform.observability import metrics
from tidings.platform.security import admission, quotas, store
from tidings.platform.security.admission import admit, admit_stranger
from tidings.platform.security.auth import Role, authenticate
from tidings.platform.settings import Settings, settings
from tidings.platform.storage.resting import Resting

pytestmark = pytest.mark.usefixtures("keys")
ME = "203.0.113.7"
CHEAP = "{ getProducts(first: 1) { nodes { id } } }"
# Each part costs about 100, a call 1,000.
PARTS = [f"p{n}: getProducts(first: 100) {{ nodes {{ id }} }}" for n in range(30)]
DEAR = "{" + " ".join(PARTS) + "}"
FIVE = {
    **dict.fromkeys(("anonymous_calls_per_minute", "calls_per_minute"), 5),
    **dict.fromkeys(("operator_calls_per_minute", "service_calls_per_minute"), 5),
}


@pytest.fixture(autouse=True)
def five_calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    five = Settings.model_validate(settings().model_dump() | FIVE)
    monkeypatch.setattr(quotas, "settings", lambda: five)
    monkeypatch.setattr(app, "_source_address", lambda: ME)
    quotas.begin()
    yield
    Resting.wake_all()


def products(address: str | None = ME, token: str | None = None) -> dict[str, Any]:
    """Ask for the products by REST, from an address."""
    from products.get_products import handler

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    context = {"requestContext": {"identity": {"sourceIp": address}}}
    answer: dict[str, Any] = handler(
        api_event(headers=headers, httpMethod="GET", **context), CONTEXT
    )
    return answer


def statuses(number: int, address: str | None = ME, token: str | None = None) -> list[int]:
    return [products(address, token)["statusCode"] for _ in range(number)]


# ------------------------------------------------------------------------- strangers
def test_strangers_count_by_address() -> None:
    assert statuses(7) == [200] * 5 + [429] * 2
    assert statuses(1, "203.0.113.8") == [200]


def test_an_ipv6_network_counts_as_one() -> None:
    addresses = [f"2001:db8:1:2::{host:x}" for host in range(1, 7)]
    found = [products(each)["statusCode"] for each in addresses]
    assert found == [200] * 5 + [429]
    assert statuses(1, "2001:db8:1:3::1") == [200]


def test_each_answer_tells_what_is_left() -> None:
    headers = products()["headers"]
    assert headers["RateLimit-Policy"] == '"anonymous";q=5;w=60'
    assert headers["RateLimit"] == '"anonymous";r=4;t=60'


def test_refusal_tells_when_to_come_again() -> None:
    statuses(5)
    refused = products()
    error = json.loads(refused["body"])["error"]
    assert (refused["statusCode"], error["code"]) == (429, "RATE_LIMITED")
    seconds = refused["headers"]["Retry-After"]
    assert refused["headers"]["RateLimit"] == f'"anonymous";r=0;t={seconds}'
    assert 1 <= int(seconds) <= 60


def test_refused_address_costs_no_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    statuses(6)
    monkeypatch.setattr(cache, "client", lambda: pytest.fail("asked Redis"))
    assert statuses(1) == [429]


def test_token_that_is_not_valid_counts_for_the_address() -> None:
    assert statuses(7, token="a.b.c") == [401] * 5 + [429] * 2


def test_calls_at_once_are_all_counted() -> None:
    passed: list[bool] = []

    def call() -> None:
        with called_from("198.51.100.1"):
            try:
                admit_stranger()
            except RateLimited:
                return
            passed.append(True)

    at_once([call] * 20)
    assert len(passed) == 5


def test_call_without_an_address_is_not_counted() -> None:
    """API Gateway always has one, so it is a call by AWS credentials or a test."""
    assert statuses(7, address=None) == [200] * 7


def test_a_header_of_the_client_does_not_change_its_address() -> None:
    from products.get_products import handler

    def call(number: int) -> int:
        headers = {"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=10.0.0.{number}"}
        identity = {"identity": {"sourceIp": ME}}
        event = api_event(headers=headers, httpMethod="GET", requestContext=identity)
        return int(handler(event, CONTEXT)["statusCode"])

    assert [call(number) for number in range(6)] == [200] * 5 + [429]


# ------------------------------------------------------------------------- signed-in callers
@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.OPERATOR, Role.ADMIN, Role.SERVICE])
def test_signed_in_callers_count_for_themselves(role: Role) -> None:
    ada, bob = a_person(role), a_person(role)
    for _ in range(5):
        admit(ada)
    with pytest.raises(RateLimited):
        admit(ada)
    admit(bob)


def test_signed_in_caller_does_not_use_up_the_address() -> None:
    token = token_of(a_person())
    assert statuses(6, token=token) == [200] * 5 + [429]
    assert statuses(1) == [200]


def test_signed_in_call_is_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count, the session's end and the account's generation are read together."""
    asked: list[object] = []
    client = store.client()

    class Noting:
        def eval(self, *what: Any) -> Any:
            asked.append(what)
            return client.eval(*what)

    monkeypatch.setattr(store, "client", Noting)
    monkeypatch.setattr(cache, "client", lambda: pytest.fail("asked the cache"))
    admit(a_person())
    assert len(asked) == 1


# ------------------------------------------------------------------------- GraphQL
def test_cheap_document_counts_as_one_call() -> None:
    answer = graphql(CHEAP)
    assert answer.status == 200
    assert answer.headers["ratelimit"] == '"anonymous";r=4;t=60'


def test_dear_document_counts_as_several_calls() -> None:
    answer = graphql(DEAR)
    assert "errors" not in answer.content
    assert answer.headers["ratelimit"] == '"anonymous";r=2;t=60'


def test_refusal_has_the_shape_of_graphql() -> None:
    for _ in range(5):
        assert graphql(CHEAP).status == 200
    for accept in ("application/json", "application/graphql-response+json"):
        answer = graphql(CHEAP, headers={"accept": accept})
        assert answer.status == 429
        assert answer.headers["content-type"].startswith(accept)
        (error,) = answer.errors
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert str(error["extensions"]["retryAfter"]) == answer.headers["retry-after"]
        assert answer.headers["ratelimit"].startswith('"anonymous";r=0;t=')


def test_document_that_is_refused_counts_as_one_call() -> None:
    broken = [graphql("{ nothing }").headers["ratelimit"] for _ in range(2)]
    assert [each.split(";")[1] for each in broken] == ["r=4", "r=3"]


def test_ended_session_executes_and_stores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from tidings.platform.security import ended_sessions

    caller = a_person()
    token = token_of(caller)
    monkeypatch.setattr("persisted.keep", lambda *_, **__: pytest.fail("stored"))
    monkeypatch.setattr("execution._execute", lambda *_: pytest.fail("executed"))
    session = authenticate(f"Bearer {token}")
    assert session is not None
    ended_sessions.refuse_session(session.session_id or "")
    answer = graphql(CHEAP, token=token)
    assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")


def test_pages_of_other_origins_may_read_the_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = settings().model_copy(update={"cors_origins": "https://shop.example"})
    monkeypatch.setattr("tidings.platform.entry.cors.settings", lambda: shop)
    headers = graphql(CHEAP, headers={"origin": "https://shop.example"}).headers
    exposed = {each.strip() for each in headers["access-control-expose-headers"].split(",")}
    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= exposed


# ------------------------------------------------------------------------- without Redis
def test_without_redis_every_call_passes_and_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    gone, noted = a_redis_that_is_away(), list[object]()
    monkeypatch.setattr(cache, "client", lambda: gone)
    monkeypatch.setattr(store, "client", lambda: gone)
    monkeypatch.setattr(metrics, "count", lambda *what: noted.append(what))
    with called_from(ME):
        for _ in range(7):
            admit_stranger()
    caller = a_person()
    for _ in range(7):
        admit(caller)
    names = [(metrics.CALLS_NOT_COUNTED, {"caller": each}) for each in ("anonymous", "customer")]
    assert noted == [names[0]] * 7 + [names[1]] * 7
    assert quotas.headers() == {}


def test_count_ends_with_the_window() -> None:
    statuses(1)
    (key,) = cache.client().scan_iter(cache.key("calls", "*"))
    assert 0 < cache.client().ttl(key) <= 60
    assert ME not in key


def test_limit_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    off = Settings.model_validate(settings().model_dump() | {"anonymous_calls_per_minute": 0})
    monkeypatch.setattr(quotas, "settings", lambda: off)
    monkeypatch.setattr(admission._strangers, "ask", lambda *_: pytest.fail("asked Redis"))
    found = [products() for _ in range(7)]
    assert [each["statusCode"] for each in found] == [200] * 7
    assert "RateLimit" not in found[0]["headers"]


def test_dear_call_is_refused_if_it_does_not_fit() -> None:
    with called_from("198.51.100.2"):
        admit_stranger(4)
        with pytest.raises(RateLimited):
            admit_stranger(2)


def test_calls_of_several_kinds_at_once_do_not_mix() -> None:
    ada = a_person()
    with called_from("198.51.100.3"):
        at_once([partial(admit, ada)] * 5)
    with called_from("198.51.100.3"):
        admit_stranger(5)
