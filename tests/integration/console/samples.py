"""A real place for each page whose path has an id, for the tests that walk all pages."""

from collections.abc import Callable
from typing import Final

from web.routes import Route

# A page with `{name}` in its path needs a row here: the function makes the thing, and returns
# the place of its page.
SAMPLES: Final[dict[str, Callable[[], str]]] = {}


def place_of(route: Route) -> str:
    """Return a place of a page at which there is something."""
    return SAMPLES[route.path]() if "{" in route.path else route.path
