"""Search by an id, by a whole address or by a whole number."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from tidings.monitoring.persons.operations import find_person
from tidings.monitoring.persons.schemas import FindPerson
from tidings.monitoring.searching import (
    FoundKind,
    FoundThing,
    SearchQuery,
    SearchResult,
    search,
)
from tidings.platform.errors import InvalidInput, NotFound
from tidings.platform.inputs.parsing import parsed
from tidings.platform.text.cuts import cut
from web.views import Redirect, View
from web.visits import Visit

MAX_CHARACTERS: Final = 254
# The pages of the kinds that have one.
PLACES: Final[Mapping[FoundKind, str]] = {
    FoundKind.ORDER: "orders",
    FoundKind.NOTIFICATION: "notifications",
    FoundKind.PERSON: "persons",
    FoundKind.CAMPAIGN: "campaigns",
    FoundKind.FAILED_MESSAGE: "failed-messages",
}


def show(visit: Visit) -> View | Redirect:
    """Return the page, with the results for an id in the address."""
    text = visit.asked("q")
    return _by_id(visit, text) if text else _page(visit)


def act(visit: Visit) -> View | Redirect:
    """Search. Only ids become a part of addresses, which browsers and proxies keep."""
    text = visit.form.one("q")
    if "@" in text:
        return _person(visit, text, email=text)
    if text.startswith("+"):
        return _person(visit, text, phone=text)
    return _by_id(visit, text) if text else _page(visit)


def _person(visit: Visit, text: str, **named: str) -> View | Redirect:
    """Show the person with an address or a number."""
    try:
        found = find_person(parsed(FindPerson, named), caller=visit.caller)
    except InvalidInput:
        return _page(visit, text, wrong=visit.texts("search.malformed_person"), status=400)
    except NotFound:
        return _page(visit, text, wrong=visit.texts("search.no_person"))
    return Redirect(f"persons/{found.id}")


def _by_id(visit: Visit, text: str) -> View | Redirect:
    """Return what an id belongs to; a single thing is shown at once."""
    try:
        result = search(parsed(SearchQuery, {"text": text}), caller=visit.caller)
    except InvalidInput:
        return _page(visit, text, wrong=visit.texts("search.malformed"), status=400)
    if len(result.found) == 1 and (place := place_of(result.found[0])):
        return Redirect(place)
    if result.found and visit.request.method == "POST":
        return Redirect(f"search?{urlencode({'q': text})}")
    return _page(visit, text, result=result)


def place_of(thing: FoundThing) -> str:
    """Return the place of the page about something; empty if it has none."""
    place = PLACES.get(thing.kind)
    return f"{place}/{thing.id}" if place else ""


def _page(
    visit: Visit,
    text: str = "",
    result: SearchResult | None = None,
    wrong: str = "",
    status: int = 200,
) -> View:
    values: dict[str, Any] = {
        "q": cut(text, MAX_CHARACTERS), "result": result, "wrong": wrong, "place_of": place_of,
    }  # fmt: skip
    return View("search.html", visit.texts("search.title"), values, status)
