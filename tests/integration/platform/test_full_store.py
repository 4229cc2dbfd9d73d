"""A full security store evicts nothing, refuses new security data, and still serves reads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.builders import PASSWORD, a_product, an_address, token_of
from tests.integration.gateway.in_process import InProcessAnswer, InProcessApi
from tests.integration.redis_server import Server
from tests.integration.users.people import as_principal, registered, sign_in
from tidings.platform.caching import cache
from tidings.platform.security import ended_sessions, limits, store
from tidings.platform.security.admission import admit
from tidings.users import session_store
from tidings.users.models import User
from tidings.users.throttle import SIGN_INS_OF_DEVICE

pytestmark = pytest.mark.usefixtures("keys")


@pytest.fixture
def small_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The stack's own configuration of the store, with little memory."""
    server = Server(tmp_path / "store", "redis.conf")
    monkeypatch.setattr(store, "client", lambda: server.client)
    monkeypatch.setattr(limits.resting, "_until", 0.0)
    yield server
    limits.resting.wake()
    server.stop()


@pytest.fixture
def small_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server(tmp_path / "cache", "redis-cache.conf")
    monkeypatch.setattr(cache, "client", lambda: server.client)
    yield server
    server.stop()


def kept(server: Server) -> set[str]:
    keys: Any = server.client.scan_iter("tidings*", count=1000)
    return set(keys)


def refused_for_now(answer: InProcessAnswer) -> bool:
    assert answer.json["error"]["code"] == "INTERNAL"
    assert "Redis" not in answer.text
    return (answer.status, int(answer.headers["Retry-After"]) > 0) == (503, True)


def test_full_store_loses_no_security_data(small_store: Server) -> None:
    user = registered()
    session = sign_in(user.email)
    ended_sessions.refuse_session("ended-before")
    SIGN_INS_OF_DEVICE.count("somebody")
    before = kept(small_store)
    small_store.fill()
    assert before - kept(small_store) == set()
    assert session_store.user_of(session.refresh_token) == user.id
    assert ended_sessions.is_refused("ended-before")


def test_full_store_refuses_sign_in_and_still_serves_reads(small_store: Server) -> None:
    user, product = registered(), a_product()
    api = InProcessApi(token_of(as_principal(user)))
    small_store.fill()
    login = {"email": user.email, "password": PASSWORD}
    newcomer = {"email": an_address(), "password": PASSWORD, "name": "Ada"}
    assert refused_for_now(InProcessApi().rest("POST", "/login", login))
    assert refused_for_now(InProcessApi().rest("POST", "/register", newcomer))
    forgot = InProcessApi().rest("POST", "/password/forgot", {"email": user.email})
    assert refused_for_now(forgot)
    order = {"items": [{"product_id": product.id, "quantity": 1}]}
    assert api.rest("GET", f"/products/{product.id}").status == 200
    assert api.rest("GET", "/users/me").status == 200
    assert api.rest("POST", "/orders", order).status == 201


def test_full_store_still_refuses_sessions_that_have_ended(small_store: Server) -> None:
    user = registered()
    session = sign_in(user.email)
    api = InProcessApi(session.access_token)
    assert api.rest("GET", "/users/me").status == 200
    assert api.rest("POST", "/logout", {}).status < 300
    small_store.fill()
    for _ in range(3):  # not only the first time, after which Redis might not be asked for a while
        assert api.rest("GET", "/users/me").status == 401


def test_full_store_begins_no_generation_and_keeps_no_account(small_store: Server) -> None:
    user = registered()
    small_store.fill()
    for name in ("Grace", "Edsger"):
        assert admit(as_principal(user)).account_generation is None
        User.objects(pk=user.id).update_one(set__name=name)
        answer = InProcessApi(token_of(as_principal(user))).rest("GET", "/users/me")
        assert answer.json["data"]["name"] == name


def test_logout_with_a_full_store_ends_at_least_the_refresh_token(small_store: Server) -> None:
    user = registered()
    session = sign_in(user.email)
    small_store.fill()
    answer = InProcessApi(session.access_token).rest("POST", "/logout", {})
    assert answer.status < 300 or refused_for_now(answer)
    assert session_store.user_of(session.refresh_token) is None


def test_store_with_room_again_accepts_sign_ins_at_once(small_store: Server) -> None:
    user = registered()
    small_store.fill()
    login = {"email": user.email, "password": PASSWORD}
    assert InProcessApi().rest("POST", "/login", login).status == 503
    small_store.client.delete(*small_store.client.scan_iter("filler:*", count=1000))
    assert InProcessApi().rest("POST", "/login", login).status == 200


def test_full_cache_evicts_and_everything_works(small_store: Server, small_cache: Server) -> None:
    user, product = registered(), a_product()
    session = sign_in(user.email)
    for number in range(400):  # about 40 MB
        small_cache.client.set(f"filler:{number}", "x" * 100_000)
    told: Any = small_cache.client.info("stats")
    assert told["evicted_keys"] > 100
    assert session_store.user_of(session.refresh_token) == user.id
    api = InProcessApi(session.access_token)
    assert api.rest("GET", f"/products/{product.id}").status == 200
    assert InProcessApi().rest(
        "POST", "/login", {"email": user.email, "password": PASSWORD}
    ).status == 200  # fmt: skip


def test_warning_if_the_store_may_evict(
    small_store: Server, caplog: pytest.LogCaptureFixture
) -> None:
    store.ping()
    assert "may evict" not in caplog.text
    small_store.client.config_set("maxmemory-policy", "volatile-lru")
    store.ping()
    assert "security store may evict sessions" in caplog.text
