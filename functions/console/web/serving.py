"""Serve a request: find its page, check the session and the form, call the page."""

from contextlib import suppress
from typing import Final
from urllib.parse import urlencode

from pages.table import ROUTES
from sessions import current
from sessions.current import Entered, SignedOut
from tidings.platform.auditing.trail import Deed, record_refusal
from tidings.platform.context import called_from
from tidings.platform.entry.http import Answer
from tidings.platform.entry.invocation import LambdaEvent, invocation
from tidings.platform.entry.requests import source_address
from tidings.platform.errors import Forbidden, TidingsError
from tidings.platform.security.auth import (
    Principal,
    Role,
    prepare_to_authenticate,
    require,
)
from web import answers, cookies, files, forms, refusals
from web.requests import Request
from web.routes import Action, Route, find
from web.views import Redirect, View
from web.visits import Visit

READS: Final = ("GET", "HEAD")
STATIC: Final = "static"
# The name of a refused page in the audit trail.
OPENED_PAGE: Final = "open_console_page"

prepare_to_authenticate()


def serve(event: LambdaEvent) -> Answer:
    """Return the answer to a request for the console."""
    visit = Visit(Request(event))
    parts = visit.request.parts
    try:
        if parts[:1] == (STATIC,) and len(parts) == 2:
            return files.answer(parts[1])
        if visit.request.has_slash_at_end:
            return answers.answer(visit, Redirect(visit.request.place))
        with called_from(source_address(event)), invocation():
            return _page(visit)
    except SignedOut as error:
        return _signed_out(visit, error)
    except Exception as error:  # noqa: BLE001 (problem_of logs unexpected errors)
        return refusals.page(visit, error)


def apologize(error: Exception) -> Answer:
    """Return the answer if even the page about an error cannot be made."""
    return refusals.plain(error)


def _page(visit: Visit) -> Answer:
    route, visit.path = find(ROUTES, visit.request.parts)
    if route.role is not None:
        visit.entered = _entered(visit)
        _check(visit.caller, route.role)
    elif cookies.SESSION in visit.request.cookies:
        with suppress(SignedOut):
            visit.entered = _entered(visit)
    act = _action(visit, route)
    return answers.answer(visit, act(visit), route)


def _check(caller: Principal, role: Role) -> None:
    """Refuse a person without the page's role, and record that in the audit trail.

    Raises:
        Forbidden: the role does not include the page's.
    """
    try:
        require(caller, role)
    except Forbidden as error:
        record_refusal(Deed.of(caller, OPENED_PAGE, "monitoring"), error)
        raise


def _entered(visit: Visit) -> Entered:
    cookie = visit.request.cookies.get(cookies.SESSION, "")
    return current.entered(cookie, by_person=not visit.request.is_live)


def _action(visit: Visit, route: Route) -> Action:
    """Return what handles the request: the page, or its action on a form.

    Raises:
        ForeignForm: the form does not come from a page of this session.
        NotAllowed: the page handles no such requests.
    """
    if visit.request.method in READS:
        return route.show
    if visit.request.method != "POST" or route.act is None:
        raise NotAllowed
    forms.check(visit)
    return route.act


def _signed_out(visit: Visit, error: SignedOut) -> Answer:
    """Ask a person to sign in, and show the wanted page afterwards."""
    request = visit.request
    visit.entered = None
    if cookies.SESSION in request.cookies:
        visit.sets.append(cookies.forgotten(cookies.SESSION))
    if request.is_live:
        return refusals.page(visit, error)
    if request.header("Sec-Fetch-Site") == "cross-site" and request.method in READS:
        return answers.page(visit, View("arrival.html", visit.texts("arrival.title")))
    asked = {"next": request.place, "why": error.reason}
    query = urlencode({name: value for name, value in asked.items() if value})
    return answers.answer(visit, Redirect(f"sign-in?{query}" if query else "sign-in"))


class NotAllowed(TidingsError):
    """The page cannot be asked in this way."""

    code = "BAD_USER_INPUT"
    status = 405

    def __init__(self) -> None:
        super().__init__("This page only answers GET, and POST if it has a form.")
