"""The session of the console: sign-in, idleness, two tabs, changed roles, sign-out."""

from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from sessions import idleness, renewal
from sessions.idleness import IDLE_SECONDS
from sessions.tokens import Tokens
from tests.integration.builders import PASSWORD, a_person, at_once
from tests.integration.console.people import a_user, account_of, sign_in, signed_in
from tests.integration.redis_server import Server
from tests.unit.console.browser import Browser
from tests.unit.platform.builders import SESSION_ID
from tidings.platform.errors import Unavailable
from tidings.platform.security import auth, store
from tidings.platform.security.auth import ACCESS_TOKEN_SECONDS, Role, verify_access_token
from tidings.platform.timing.clock import now
from tidings.users import session_store
from tidings.users.errors import SessionEnded
from tidings.users.models import User
from tidings.users.roles import set_user_role
from tidings.users.schemas import RefreshSession, SetUserRole
from tidings.users.sessions import refresh_session
from web.cookies import DEVICE, SESSION, VISITOR

EXPIRED: Final = timedelta(seconds=ACCESS_TOKEN_SECONDS + 1)


def tokens_of(browser: Browser) -> Tokens:
    tokens = Tokens.read(browser.cookies[SESSION])
    assert tokens is not None
    return tokens


def session_of(browser: Browser) -> str:
    return str(verify_access_token(tokens_of(browser).access).session_id)


def expire_access_token(browser: Browser, at: timedelta = EXPIRED) -> None:
    """Give the browser an access token that was issued long ago."""
    tokens = tokens_of(browser)
    principal = verify_access_token(tokens.access)
    old = auth.issue_access_token(principal, now() - at)
    browser.cookies[SESSION] = tokens._replace(access=old).written()


# ---------------------------------------------------------------------- sign-in


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_operator_signs_in_and_sees_the_overview(role: Role) -> None:
    browser = Browser()
    shown = sign_in(browser, a_user(role))
    assert (shown.status, shown.place) == (200, "")
    assert "<h1>Overview</h1>" in shown.text
    assert browser.cookies.keys() == {SESSION, DEVICE}


def test_cookies_are_for_this_host_and_no_scripts() -> None:
    browser, user = Browser(), a_user()
    page = browser.get("sign-in")
    given = {"form_token": page.token, "email": user.email, "password": PASSWORD}
    answer = browser.ask("POST", browser.url("sign-in"), given)
    assert answer.status == 303
    assert len(answer.sets) == 3
    for cookie in answer.sets:
        assert cookie.startswith("__Host-console-")
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
        assert "Domain" not in cookie


def test_customer_is_refused_and_the_new_session_ends() -> None:
    user, browser = a_user(Role.CUSTOMER), Browser()
    shown = sign_in(browser, user)
    assert shown.status == 403
    assert SESSION not in browser.cookies
    assert store.client().zcard(session_store._index(user.id)) == 0


def test_wrong_password_is_told_and_nothing_is_kept() -> None:
    browser, user = Browser(), a_user()
    shown = browser.send("sign-in?next=preferences", email=user.email, password="tried-in-vain")
    assert shown.status == 401
    assert "The e-mail address or the password is wrong." in shown.text
    assert f'value="{user.email}"' in shown.text
    assert 'name="next" value="preferences"' in shown.text
    assert "tried-in-vain" not in shown.text
    assert SESSION not in browser.cookies


@pytest.mark.parametrize(("email", "password"), [("", ""), ("not an address", "x"), ("a@b.c", "")])
def test_malformed_credentials_are_told(email: str, password: str) -> None:
    assert Browser().send("sign-in", email=email, password=password).status == 400


def test_limit_of_the_sign_in_holds_for_the_console() -> None:
    user = a_user()
    shown = [Browser().send("sign-in", email=user.email, password="wrong") for _ in range(40)]
    refused = [each for each in shown if each.status == 429]
    assert refused
    assert all(int(each.headers["Retry-After"]) > 0 for each in refused)


def test_wanted_page_is_shown_after_the_sign_in() -> None:
    browser = Browser()
    asked = browser.get("?x=1")
    assert asked.place.startswith("sign-in?next=%3Fx%3D1")
    assert sign_in(browser, a_user(), asked.place).place == "?x=1"


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example/", "/etc", "../.."])
def test_sign_in_leads_nowhere_else(elsewhere: str) -> None:
    browser, user = Browser(), a_user()
    page = browser.get("sign-in")
    given = {
        "form_token": page.token, "email": user.email, "password": PASSWORD, "next": elsewhere,
    }  # fmt: skip
    assert browser.post("sign-in", given).place == ""


def test_known_device_signs_in_while_strangers_guess() -> None:
    browser, user = Browser(), a_user()
    sign_in(browser, user)
    sent = browser.cookies[DEVICE]
    browser.send("sign-out")
    assert sent.partition(".")[0] == browser.cookies[DEVICE].partition(".")[0]
    assert sign_in(browser, user).status == 200
    assert sent.partition(".")[0] == browser.cookies[DEVICE].partition(".")[0]


def test_signed_in_person_needs_no_second_sign_in() -> None:
    assert signed_in().get("sign-in?next=preferences").place == "preferences"


# --------------------------------------------------------------------- idleness


def test_session_ends_after_half_an_hour_without_use() -> None:
    browser = signed_in()
    tokens = tokens_of(browser)
    assert IDLE_SECONDS == 30 * 60
    idleness.use(session_of(browser), now() - timedelta(minutes=30, seconds=1), by_person=True)
    shown = browser.get()
    assert "why=idle" in shown.place
    assert "signed out after 30 minutes" in shown.text
    assert SESSION not in browser.cookies
    with pytest.raises(SessionEnded):  # not only the cookie is gone
        refresh_session(RefreshSession.model_validate({"refresh_token": tokens.refresh}))


def test_each_page_prolongs_the_session() -> None:
    browser = signed_in()
    session = session_of(browser)
    idleness.use(session, now() - timedelta(minutes=29), by_person=True)
    assert time_left(session) <= 61
    assert browser.get().status == 200
    assert time_left(session) > IDLE_SECONDS - 60


def test_page_that_refreshes_itself_does_not_prolong_it() -> None:
    browser = signed_in()
    session = session_of(browser)
    idleness.use(session, now() - timedelta(minutes=29), by_person=True)
    assert browser.get(X_Console_Live="1").status == 200
    assert time_left(session) <= 61


def test_page_that_refreshes_itself_is_told_of_the_end() -> None:
    browser = signed_in()
    idleness.end(session_of(browser))
    shown = browser.ask("GET", browser.url(), X_Console_Live="1")
    assert shown.status == 401
    assert SESSION not in browser.cookies


@pytest.mark.parametrize("live", [{}, {"X_Console_Live": "1"}])
def test_refresh_token_works_no_longer_than_the_session_of_the_console(
    live: dict[str, str],
) -> None:
    browser = signed_in()
    session = session_of(browser)
    expire_access_token(browser)  # a renewal gives other clients 30 days
    assert browser.get(**live).status == 200
    left = int(store.client().ttl(session_store._key(session)))
    assert 0 < left <= time_left(session) + 1


def time_left(session: str) -> int:
    return int(store.client().ttl(idleness._key(session)))


def test_session_of_the_api_is_none_of_the_console() -> None:
    """Only the sign-in of the console begins one, so a stolen API token opens no page."""
    user = a_user()
    started = session_store.start(user.id, user.security_version)
    assert started is not None
    tokens = refresh_session(RefreshSession.model_validate({"refresh_token": started[1]}))
    browser = Browser(cookies={SESSION: Tokens.of(tokens).written()})
    assert "why=idle" in browser.get().place


# ---------------------------------------------------------------------- renewal


def test_expired_access_token_is_renewed() -> None:
    browser = signed_in()
    expire_access_token(browser)
    before = tokens_of(browser)
    assert browser.get().status == 200
    after = tokens_of(browser)
    assert after.refresh != before.refresh
    assert session_of(browser)
    assert browser.get().status == 200


def test_two_tabs_renew_at_once_and_stay_signed_in() -> None:
    browser = signed_in()
    expire_access_token(browser)
    tabs = [Browser(cookies=dict(browser.cookies)) for _ in range(4)]
    shown = at_once([tab.get for tab in tabs])
    assert [each.place for each in shown] == [""] * 4
    assert len({tokens_of(tab) for tab in tabs}) == 1
    assert tabs[0].get().status == 200


def test_tab_that_missed_the_new_cookie_stays_signed_in() -> None:
    browser = signed_in()
    expire_access_token(browser)
    late = Browser(cookies=dict(browser.cookies))
    browser.get()
    assert late.get().place == ""
    assert tokens_of(late) == tokens_of(browser)


def test_old_cookie_ends_the_session_later() -> None:
    browser = signed_in()
    expire_access_token(browser)
    stolen = Browser(cookies=dict(browser.cookies))
    browser.get()
    store.client().delete(renewal._key(tokens_of(stolen).refresh))  # its time is over
    assert "why=ended" in stolen.get().place
    assert "why=ended" in browser.get().place


def test_renewal_is_not_readable_in_the_store() -> None:
    browser = signed_in()
    old = tokens_of(browser).refresh
    expire_access_token(browser)
    browser.get()
    stored = str(store.client().get(renewal._key(old)))
    assert len(stored) > 100
    assert tokens_of(browser).refresh not in stored
    assert old not in stored


def test_renewal_that_hangs_is_waited_for_and_then_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.client().set(renewal._key("family.secret"), renewal.RENEWING, ex=600)
    monkeypatch.setattr(renewal, "WAIT_SECONDS", 0.2)
    with pytest.raises(Unavailable):
        renewal.renewed("family.secret")


def test_invented_tokens_are_refused_and_store_nothing() -> None:
    """Otherwise anyone could fill the store, which evicts nothing."""
    browser = Browser(cookies={SESSION: "a.b.c~d.e"})
    assert "why=ended" in browser.get().place
    assert SESSION not in browser.cookies
    assert not store.client().keys(store.key("console-renewal", "*"))


def test_renewal_of_an_ended_session_stores_nothing() -> None:
    browser = signed_in()
    user = account_of(browser)
    expire_access_token(browser)
    copy = Browser(cookies=dict(browser.cookies))
    session_store.end_all(user.id)
    shown = at_once([browser.get, copy.get])
    assert all("why=ended" in each.place for each in shown)
    assert not store.client().keys(store.key("console-renewal", "*"))


# -------------------------------------------------------------------- the end


def test_person_loses_the_console_with_the_role() -> None:
    browser, user = Browser(), a_user()
    sign_in(browser, user)
    set_user_role(user.id, SetUserRole(role=Role.CUSTOMER), caller=a_person(Role.ADMIN))
    assert "why=ended" in browser.get().place


def test_sign_out_elsewhere_ends_the_console() -> None:
    browser = signed_in()
    session_store.end_all(account_of(browser).id)
    assert "why=ended" in browser.get().place


def test_deleted_account_has_no_console() -> None:
    browser = signed_in()
    user = account_of(browser)
    expire_access_token(browser)
    User.objects(pk=user.id).update_one(set__deleted_at=now())
    assert "why=ended" in browser.get().place


def test_sign_out_ends_the_session_everywhere() -> None:
    browser = signed_in()
    copy = Browser(cookies=dict(browser.cookies))
    shown = browser.send("sign-out")
    assert shown.place == "sign-in?why=left"
    assert browser.cookies.keys() == {DEVICE, VISITOR}
    assert "why=ended" in copy.get().place


def test_other_session_of_the_same_person_continues() -> None:
    user, one, other = a_user(), Browser(), Browser()
    sign_in(one, user)
    sign_in(other, user)
    one.send("sign-out")
    assert other.get().place == ""


# ------------------------------------------------------------- without the store


def test_console_is_closed_without_the_security_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in()
    server = Server(tmp_path / "redis", "redis.conf")
    monkeypatch.setattr(store, "client", lambda: server.client)
    server.stop()
    shown = browser.get()
    assert shown.status == 503
    assert "<h1>Not available</h1>" in shown.text
    assert shown.headers["Retry-After"]
    assert SESSION in browser.cookies  # the session itself goes on


def test_nobody_is_signed_in_with_a_made_up_token() -> None:
    forged = auth.issue_access_token(a_person(Role.ADMIN).model_copy(
        update={"session_id": SESSION_ID, "security_version": 0}
    ))  # fmt: skip
    assert "why=idle" in Browser(cookies={SESSION: f"{forged}~x.y"}).get().place
