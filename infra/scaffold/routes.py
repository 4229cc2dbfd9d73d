"""The route of a new operation."""

import re
from typing import Final

from infra.scaffold.changes import Changes, Refused
from infra.scaffold.project import TEMPLATE
from tidings.platform.entry.requests import PATH_PATTERNS

ROUTE: Final = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/api/v1(?:/[a-z-]+|/{[a-z_]+})+)")
EVENT: Final = re.compile(r'RestApiId: !Ref Api, Path: "?([^",]+)"?, Method: (\w+)')
# The method of an operation on one thing, by the verb of its name.
METHODS: Final = {
    "get": "GET",
    "update": "PATCH",
    "edit": "PATCH",
    "delete": "DELETE",
    "remove": "DELETE",
}


def route_for(changes: Changes, domain: str, name: str, given: str, *, reads: bool) -> str:
    """Return `METHOD path` for an operation: the given one, or the one that follows from its name.

    Raises:
        Refused: it has another form, is taken, or API Gateway could not serve it.
    """
    route = given or _usual(changes, domain, name, reads=reads)
    if not ROUTE.fullmatch(route):
        raise Refused(
            f"ROUTE={route} is not usable: write a method and a path,"
            " for instance 'PUT /api/v1/orders/{order_id}/status'"
        )
    if (route.startswith("GET ")) != reads:
        raise Refused(f"ROUTE={route}: an operation that reads has GET, another one has not")
    there = _routes(changes)
    if route in there:
        raise Refused(f"ROUTE={route} exists already in {TEMPLATE}: say another ROUTE=")
    for parameter in parameters(route):
        if not parameter.endswith("_id") and parameter not in PATH_PATTERNS:
            raise Refused(f"ROUTE={route}: {{{parameter}}} must end with _id")
    _check_places(route, there)
    return route


def parameters(route: str) -> list[str]:
    """Return the names of the parameters of a path."""
    return re.findall(r"{(\w+)}", route)


def _routes(changes: Changes) -> list[str]:
    return [f"{method} {path}" for path, method in EVENT.findall(changes.read(TEMPLATE))]


def _usual(changes: Changes, domain: str, name: str, *, reads: bool) -> str:
    """Return `POST /api/v1/campaigns/{campaign_id}/archive` for `archive_campaign`."""
    verb, _, thing = name.partition("_")
    base = f"/api/v1/{domain}"
    if verb == "create":
        return f"POST {base}"
    one = re.compile(rf"\w+ ({re.escape(base)}/{{\w+}})(?:/|$)")
    places = [found[1] for each in _routes(changes) if (found := one.match(each))]
    if not places:
        raise Refused(
            f"ROUTE is missing: no route of {domain} has an id;"
            f" say for instance ROUTE='{'GET' if reads else 'POST'} {base}/{{{thing}_id}}/{verb}'"
        )
    place = max(places, key=places.count)
    method = METHODS.get(verb)
    if method and thing in domain:
        return f"{method} {place}"
    of_another = thing if verb == "get" else name
    rest = verb if thing in domain else of_another
    return f"{'GET' if reads else 'POST'} {place}/{rest.replace('_', '-')}"


def _check_places(route: str, there: list[str]) -> None:
    """Refuse a second name of a path parameter, as API Gateway does."""
    for other in there:
        mine, theirs = route.partition(" ")[2].split("/"), other.partition(" ")[2].split("/")
        for one, another in zip(mine, theirs, strict=False):
            if one.startswith("{") and another.startswith("{") and one != another:
                raise Refused(f"ROUTE={route}: {other} names {one} {another}")
            if one != another:
                break
