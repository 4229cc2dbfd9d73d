"""Answers to API Gateway: pages, redirections, files."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pages.table import ROUTES
from rendering.environment import rendered
from texts.catalogue import LANGUAGES
from tidings.platform.entry.http import Answer
from tidings.platform.timing.clock import now
from web import cookies, forms, headers
from web.places import known_place
from web.routes import Route
from web.views import Answered, File, Redirect, View
from web.visits import THEMES, Visit


def answer(visit: Visit, given: Answered, route: Route | None = None) -> Answer:
    """Return the answer that a page gave, with the cookies of the visit."""
    if isinstance(given, Redirect):
        return _redirection(visit, given)
    if isinstance(given, File):
        return _file(visit, given)
    return page(visit, given, route)


def page(visit: Visit, view: View, route: Route | None = None) -> Answer:
    """Return the answer with a page."""
    told = {**headers.PAGE, **view.headers}
    # A page's own refreshes show no notice, and so do not take it away either.
    seen = [cookies.NOTICE] if _notice(visit) else []
    return _made(view.status, told, _html(visit, view, route), _set_by(visit, forgets=seen))


def _html(visit: Visit, view: View, route: Route | None) -> str:
    return rendered(
        view.template,
        {
            **view.values,
            "visit": visit,
            "title": view.title,
            "t": visit.texts,
            "f": visit.formats,
            "link": visit.link,
            "form_token": forms.token_of(visit),
            "navigation": list(_navigation(visit, route)),
            "notice": _notice(visit),
            "languages": LANGUAGES,
            "themes": THEMES,
            "shown_at": now(),
        },
    )


def _navigation(visit: Visit, current: Route | None) -> Iterator[tuple[str, str, bool]]:
    """Yield the name and the address of each page in the navigation, and whether it is shown."""
    if visit.entered is None:
        return
    first = current.path.partition("/")[0] if current else None
    for route in ROUTES:
        if route.label and (route.role is None or visit.caller.role.includes(route.role)):
            yield visit.texts(route.label), visit.link.place(route.path), route.path == first


def _redirection(visit: Visit, given: Redirect) -> Answer:
    sets = _set_by(visit)
    if given.notice:
        content = json.dumps([given.notice, given.values]).encode()
        text = base64.urlsafe_b64encode(content).decode()
        sets = [*sets, cookies.kept(cookies.NOTICE, text, cookies.A_MINUTE)]
    to = known_place(given.to, ROUTES) if given.is_foreign else given.to
    location = {"Location": visit.link.place(to), **headers.COMMON}
    return _made(303, location, "", sets)


def _notice(visit: Visit) -> str:
    """Return the text that the last act left for this page."""
    stored = visit.request.cookies.get(cookies.NOTICE, "")
    if not stored or visit.request.is_live:
        return ""
    try:
        key, values = json.loads(base64.urlsafe_b64decode(stored))
        return visit.texts(f"notices.{key}", **values)
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""


def _file(visit: Visit, given: File) -> Answer:
    told = {
        "Content-Type": given.media_type,
        "Content-Security-Policy": given.policy,
        **headers.COMMON,
    }
    if given.name:
        told["Content-Disposition"] = f'attachment; filename="{given.name}"'
    return _made(200, told, given.content, _set_by(visit))


def _set_by(visit: Visit, forgets: Sequence[str] = ()) -> list[str]:
    """Return the cookies that follow from the visit: renewed tokens, the name of a visitor."""
    sets = [cookies.forgotten(each) for each in forgets]
    if visit.entered is None:
        if visit.request.cookies.get(cookies.VISITOR) != visit.visitor:
            sets.append(cookies.kept(cookies.VISITOR, visit.visitor))
    elif visit.entered.is_renewed:
        sets.append(cookies.kept(cookies.SESSION, visit.entered.tokens.written()))
    return [*sets, *visit.sets]


def _made(status: int, told: Mapping[str, str], body: str, sets: Sequence[str]) -> Answer:
    made: dict[str, Any] = {"statusCode": status, "headers": dict(told), "body": body}
    if sets:
        made["multiValueHeaders"] = {"Set-Cookie": list(sets)}
    return made
