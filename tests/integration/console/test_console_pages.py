"""Every page of the table, with every role: rights, headers, addresses, forms."""

import re
from typing import Final

import pytest

from pages.message_templates import MAIL_POLICY
from pages.table import ROUTES
from tests.integration.console.people import a_user, sign_in, signed_in
from tests.integration.console.samples import place_of
from tests.unit.console.browser import Browser, Shown
from tidings.platform.security.auth import Role
from web import cookies, forms
from web.headers import POLICY
from web.routes import Route
from web.views import File

OPERATORS: Final = (Role.OPERATOR, Role.ADMIN)
each_page = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path or "overview")
each_form = pytest.mark.parametrize(
    "route", [each for each in ROUTES if each.act], ids=lambda route: route.path
)
REQUIRED_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}

# Contents that are no pages: what a page shows in a frame, and a download.
OTHER_POLICIES: Final = {
    "templates/{template_code}/mail": MAIL_POLICY,
    "audit/export": File("", "").policy,
}


def refusal(shown: Shown) -> str:
    found = re.search(r"<h1>([^<]+)</h1>", shown.text)
    return found[1] if found else ""


# ------------------------------------------------------------------------ rights


@each_page
@pytest.mark.parametrize("role", OPERATORS)
def test_page_is_shown_to_its_roles_only(route: Route, role: Role) -> None:
    shown = signed_in(role).get(place_of(route))
    if route.role is None or role.includes(route.role):
        assert shown.status == 200, shown.text
    else:
        assert (shown.status, refusal(shown)) == (403, "Not allowed")


@each_page
def test_page_leads_strangers_to_the_sign_in(route: Route) -> None:
    place = place_of(route)
    shown = Browser().get(place)
    if route.role is None:
        assert shown.status == 200
    else:
        assert shown.place.startswith("sign-in?next=" if place else "sign-in")


@each_form
def test_form_of_a_page_is_refused_to_lesser_roles(route: Route) -> None:
    if route.role is None:
        return
    place = place_of(route)
    assert Browser().post(place, {}).place.startswith("sign-in")
    if route.role is Role.ADMIN:
        operator = signed_in()
        given = {"form_token": operator.get().token}
        assert operator.post(place, given).status == 403


# ----------------------------------------------------------------------- headers


@each_page
def test_page_has_the_headers(route: Route) -> None:
    shown = signed_in(Role.ADMIN).get(place_of(route))
    required = REQUIRED_HEADERS | {
        "Content-Security-Policy": OTHER_POLICIES.get(route.path, POLICY)
    }
    assert shown.headers | required == shown.headers


@pytest.mark.parametrize("place", ["no-such-page", "orders/7", "static/none.css"])
def test_page_about_an_error_has_them_too(place: str) -> None:
    shown = signed_in().get(place)
    assert shown.status == 404
    assert shown.headers | REQUIRED_HEADERS == shown.headers
    assert shown.headers["X-Correlation-Id"] in shown.text


def test_policy_allows_nothing_inline_and_no_other_host() -> None:
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert POLICY.startswith("default-src 'none'")


def test_files_may_be_kept_for_ever() -> None:
    page = Browser().get("sign-in")
    found = re.findall(r'(?:href|src)="([^"]*static/[^"]+)"', page.text)
    assert len(found) == 3
    for each in found:
        file = Browser().get(each.partition("console/")[2])
        assert file.status == 200
        assert "immutable" in file.headers["Cache-Control"]
        assert file.headers["X-Content-Type-Options"] == "nosniff"


# ---------------------------------------------------------------------- requests


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(method: str) -> None:
    browser = signed_in()
    assert browser.ask(method, browser.url(), {}).status == 405


def test_page_without_a_form_takes_none() -> None:
    browser = signed_in()
    assert browser.post("", {"form_token": browser.get().token}).status == 405


def test_slash_at_the_end_leads_to_the_page() -> None:
    browser = signed_in()
    assert browser.get("/").place == ""
    assert browser.get("preferences/?a=1").place == "preferences?a=1"


def test_page_that_another_site_opens_asks_itself_again() -> None:
    """Browsers send no SameSite=Strict cookie to it, but to its own second request."""
    stranger = Browser().get("preferences", Sec_Fetch_Site="cross-site")
    assert stranger.status == 200
    shown = Browser().get("", Sec_Fetch_Site="cross-site")
    assert shown.status == 200
    assert '<meta http-equiv="refresh" content="0">' in shown.text
    assert signed_in().get("", Sec_Fetch_Site="cross-site").text.count("Sign out")


# ------------------------------------------------------------------------- forms


@each_form
@pytest.mark.parametrize("token", ["", "made-up", "of another session"])
def test_form_without_its_token_is_refused(route: Route, token: str) -> None:
    browser, other = signed_in(Role.ADMIN), signed_in(Role.ADMIN)
    sent = other.get().token if token == "of another session" else token
    if route.role is None:  # the forms of people who are not signed in
        browser, sent = Browser(), sent
    shown = browser.post(place_of(route), {forms.FIELD: sent})
    assert (shown.status, refusal(shown)) == (403, "The form was not accepted")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Sec_Fetch_Site": "", "Origin": "https://evil.example"},
        {"Sec_Fetch_Site": "", "Origin": "null"},
        {"Sec_Fetch_Site": "", "Origin": "https://["},
        {"Sec_Fetch_Site": "", "Origin": "https://tidings.example@evil.example"},
    ],
)
def test_form_from_another_site_is_refused(headers: dict[str, str]) -> None:
    browser = signed_in()
    given = {forms.FIELD: browser.get("sign-out").token}
    shown = browser.ask("POST", browser.url("sign-out"), given, **headers)
    assert (shown.status, refusal(shown)) == (403, "The form was not accepted")
    assert browser.get().status == 200
    assert browser.get().place == "", "the refused form signed the person out"


@pytest.mark.parametrize("origin", ["", "https://tidings.example"])
def test_form_of_an_old_browser_is_accepted(origin: str) -> None:
    browser = signed_in()
    given = {forms.FIELD: browser.get("sign-out").token}
    sent = browser.ask("POST", browser.url("sign-out"), given, Sec_Fetch_Site="", Origin=origin)
    assert sent.status == 303


def test_token_of_a_visitor_is_none_of_a_session() -> None:
    browser = Browser()
    token = browser.get("sign-in").token
    sign_in(browser, a_user())
    assert browser.post("sign-out", {forms.FIELD: token}).status == 403


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b"&".join([b"a=1"] * 2_001), "application/x-www-form-urlencoded", 400),
        (b"a=" + b"x" * 300_000, "application/x-www-form-urlencoded", 413),
        (b"{}", "application/json", 415),
    ],
)
def test_unreadable_form_is_refused(body: bytes, media_type: str, status: int) -> None:
    browser = Browser()
    browser.get("sign-in")
    shown = browser.ask_raw("POST", browser.url("sign-in"), body.decode("latin-1"), media_type)
    assert shown.status == status


# ------------------------------------------------------------------------- looks


def test_language_and_look_are_kept_in_the_browser() -> None:
    browser = signed_in()
    shown = browser.send("preferences", language="de", theme="dark", next="")
    assert shown.place == ""
    assert '<html lang="de" data-theme="dark">' in shown.text
    assert "<h1>Übersicht</h1>" in shown.text
    shown = browser.send("preferences", theme="system", language="", next="preferences")
    assert shown.place == "preferences"
    assert '<html lang="de">' in shown.text


def test_language_is_changed_at_the_end_of_each_page() -> None:
    browser = signed_in()
    page = browser.get("sign-out")
    chosen = {"form_token": page.token, "language": "de", "next": "sign-out"}
    shown = browser.post("preferences", chosen)
    assert (shown.place, refusal(shown)) == ("sign-out", "Abmelden")


def test_unknown_choices_change_nothing() -> None:
    browser = signed_in()
    before = dict(browser.cookies)
    browser.send("preferences", language="xx", theme="pink", next="https://evil.example")
    assert browser.cookies == before


def test_language_follows_the_browser() -> None:
    shown = Browser(headers={"Accept-Language": "de-CH,de;q=0.9"}).get("sign-in")
    assert "<h1>Anmelden</h1>" in shown.text


@pytest.mark.parametrize(
    "value", ["x", "W10=", "bnVsbA==", "WyJub3BlIiwge31d", "\u00e4", "W1tb" * 1_000]
)
def test_malformed_notice_is_ignored(value: str) -> None:
    browser = signed_in()
    browser.cookies[cookies.NOTICE] = value
    assert browser.get().status == 200
