"""Who may open a stream, how it ends, and what it costs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.integration.builders import a_reader, token_of
from tests.integration.live.conftest import Running, someone
from tests.integration.live.test_streams import stored
from tests.integration.redis_server import Server
from tests.unit.platform.builders import in_a_session
from tests.waiting import eventually, often
from tidings.platform.secrets import SigningKeys
from tidings.platform.security import ended_sessions
from tidings.platform.security.auth import Principal, Role, issue_access_token
from tidings.platform.settings import Settings
from tidings.platform.timing.clock import now
from tidings.users import credentials
from tidings.users.models import User

PAGE = "https://shop.example"


def ask(live: Running, method: str = "GET", path: str = "/live/inbox", **more: Any) -> Any:
    return httpx.request(method, f"{live.url}{path}", timeout=60, trust_env=False, **more)


def bearer(person: Principal) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(person)}"}


# ---------------------------------------------------------------------------- opening


def test_stream_is_told_apart_and_kept_by_nobody(live: Running, ada: Principal) -> None:
    client = live.opened(ada)
    assert client.answer is not None
    headers = client.answer.headers
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-correlation-id"]
    (ready,) = client.named("ready")
    assert ready["user_id"] == ada.user_id


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer forged"}, {"Authorization": "Basic x"}],
)
def test_without_a_token_there_is_no_stream(live: Running, headers: dict[str, str]) -> None:
    answer = ask(live, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "UNAUTHENTICATED"
    assert len(live.server.hub) == 0


def test_token_in_the_address_does_not_count(live: Running, ada: Principal) -> None:
    answer = ask(live, params={"access_token": token_of(ada), "token": token_of(ada)})
    assert answer.status_code == 401


def test_two_different_tokens_are_refused(live: Running, ada: Principal) -> None:
    two = [("Authorization", f"Bearer {token_of(each)}") for each in (ada, someone())]
    assert ask(live, headers=two).status_code == 400


def test_services_have_no_inbox(live: Running) -> None:
    answer = ask(live, headers=bearer(someone(Role.SERVICE)))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")


def test_malformed_position_is_refused_with_its_place(live: Running, ada: Principal) -> None:
    answer = ask(live, headers=bearer(ada), params={"last_id": "yesterday"})
    assert answer.status_code == 400
    (detail,) = answer.json()["error"]["details"]
    assert detail["field"] == "last_id"
    assert len(live.server.hub) == 0


def test_ended_session_opens_no_stream(live: Running, ada: Principal) -> None:
    ended_sessions.refuse_session(ada.session_id or "")
    assert ask(live, headers=bearer(ada)).status_code == 401


def test_openings_are_counted_as_calls(
    live: Running, ada: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Settings.model_validate({"calls_per_minute": 2})
    monkeypatch.setattr("tidings.platform.security.quotas.settings", lambda: few)
    for _ in range(2):
        live.opened(ada).close()
    answer = ask(live, headers=bearer(ada))
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/live/inbox", 405),
        ("HEAD", "/live/inbox", 405),
        ("GET", "/live/other", 404),
        ("GET", "/", 404),
    ],
)
def test_other_calls_are_refused(live: Running, method: str, path: str, status: int) -> None:
    answer = ask(live, method, path)
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_pages_of_other_origins_may_open_streams_if_they_may_call_graphql(
    live: Running, ada: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    assert "access-control-allow-origin" not in ask(live, "OPTIONS", headers=asked).headers
    open_to = Settings.model_validate({"cors_origins": PAGE})
    monkeypatch.setattr("tidings.platform.entry.cors.settings", lambda: open_to)
    preflight = ask(live, "OPTIONS", headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == PAGE
    allowed = preflight.headers["access-control-allow-headers"].lower()
    assert {"authorization", "last-event-id"} <= set(allowed.split(", "))
    client = live.client(ada, Origin=PAGE)
    assert client.answer is not None
    assert client.answer.headers["access-control-allow-origin"] == PAGE
    refused = ask(live, headers={"Origin": PAGE})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, PAGE)


# ----------------------------------------------------------------------------- ending


def test_end_of_the_session_ends_its_streams_only(live: Running, ada: Principal) -> None:
    other = in_a_session(Principal(user_id=ada.user_id, role=ada.role))
    ends, stays = live.opened(ada), live.opened(other)
    ended_sessions.refuse_session(ada.session_id or "")
    assert ends.ended() == ["session_ended"]
    entry_id = stored(ada)
    stays.waits_for("notification")
    assert stays.ids() == [entry_id]
    assert ends.ids() == []


def test_change_of_the_account_ends_all_its_streams(live: Running) -> None:
    reader = in_a_session(a_reader())
    clients = [live.opened(reader), live.opened(in_a_session(a_reader()))]
    with credentials.changing(reader.user_id):
        User.objects(pk=reader.user_id).update_one(set__role="operator", **credentials.NEXT_VERSION)
    assert clients[0].ended() == ["session_ended"]
    stays = stored(Principal(user_id=clients[1].named("ready")[0]["user_id"], role=Role.CUSTOMER))
    clients[1].waits_for("notification")
    assert clients[1].ids() == [stays]


def test_lost_signal_of_an_ended_session_is_made_up_for(
    live: Running, ada: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = live.opened(ada)
    monkeypatch.setattr(ended_sessions, "signals_channel", lambda: "somewhere-else")
    ended_sessions.refuse_session(ada.session_id or "")
    live.server._sessions.check_all_soon()
    assert client.ended() == ["session_ended"]


def test_other_signals_do_not_postpone_the_check_of_all_sessions(
    live: Running, ada: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidings_live.sessions.CHECK_SECONDS", 1.0)
    live.server._sessions.check_all_soon()  # the present wait may be longer
    bob = someone()
    ends, stays = live.opened(ada), live.opened(bob)
    monkeypatch.setattr(ended_sessions, "signals_channel", lambda: "somewhere-else")
    ended_sessions.refuse_session(ada.session_id or "")
    with often(lambda: live.server._sessions.signal(bob.session_id or "")):
        assert ends.ended(seconds=60) == ["session_ended"]
    assert stays.is_alive


def test_stream_ends_with_its_token(live: Running, ada: Principal, keys: SigningKeys) -> None:
    for seconds in (5, 20, 60):  # a busy machine may need longer than the token is valid
        token = issue_access_token(ada, now() - timedelta(minutes=15) + timedelta(seconds=seconds))
        client = live.client(None, Authorization=f"Bearer {token}")
        if client.status != 401:
            break
    assert client.ended() == ["token_expired"]


def test_one_stream_too_many_ends_the_oldest(start: Callable[..., Running], ada: Principal) -> None:
    live = start(streams_per_person=2)
    oldest, *others = [live.opened(ada) for _ in range(3)]
    assert oldest.ended() == ["too_many_streams"]
    entry_id = stored(ada)
    for each in others:
        each.waits_for("notification")
        assert each.ids() == [entry_id]


def test_full_server_refuses_with_a_time(start: Callable[..., Running], ada: Principal) -> None:
    live = start(streams=1)
    live.opened(ada)
    answer = ask(live, headers=bearer(someone()))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_client_that_left_is_forgotten(live: Running, ada: Principal) -> None:
    client = live.opened(ada)
    assert len(live.server.hub) == 1
    client.close()
    eventually(lambda: len(live.server.hub) == 0)


# -------------------------------------------------------------------------- watching


def test_health_and_metrics_tell_of_the_streams(live: Running, ada: Principal) -> None:
    client = live.opened(ada)
    stored(ada)
    client.waits_for("notification")
    health = ask(live, path="/health").json()
    assert (health["status"], health["streams"]) == ("ok", 1)
    told = ask(live, path="/metrics").text
    for line in (
        "tidings_live_streams 1.0",
        "tidings_live_opened_total 1.0",
        "tidings_live_delay_seconds_count 1.0",
        'tidings_live_signals_connected{channel="inbox"} 1.0',
        'tidings_live_signals_connected{channel="ended"} 1.0',
    ):
        assert line in told
    client.close()
    eventually(
        lambda: 'tidings_live_closed_total{reason="left"} 1.0' in ask(live, path="/metrics").text
    )


def test_redis_that_comes_back_shows_what_was_stored_meanwhile(
    start: Callable[..., Running],
    ada: Principal,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = Server(tmp_path / "first", "redis-cache.conf")
    urls = [f"redis://127.0.0.1:{own.port}/0"]
    monkeypatch.setattr("tidings_live.server.cache_url", lambda *, refused=False: urls[0])
    live = start(catch_up_seconds_without_signals=3600)
    client = live.opened(ada)
    own.stop()
    eventually(lambda: live.server.health()["status"] == "degraded")
    # Its signal goes to the stack's own Redis, so this server does not get it.
    missed = stored(ada)
    second = Server(tmp_path / "second", "redis-cache.conf")
    try:
        urls[0] = f"redis://127.0.0.1:{second.port}/0"
        client.waits_for("notification")
        assert client.ids() == [missed]
        assert live.server.health()["status"] == "ok"
    finally:
        second.stop()


def test_without_redis_inboxes_are_read_more_often(
    start: Callable[..., Running],
    ada: Principal,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = Server(tmp_path / "redis", "redis-cache.conf")
    url = f"redis://127.0.0.1:{own.port}/0"
    monkeypatch.setattr("tidings_live.server.cache_url", lambda *, refused=False: url)
    live = start(catch_up_seconds_without_signals=0.2)
    client = live.opened(ada)
    own.stop()
    eventually(lambda: live.server.health()["status"] == "degraded")
    missed = stored(ada)
    client.waits_for("notification")
    assert client.ids() == [missed]
