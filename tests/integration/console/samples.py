"""A real place for each page whose path has an id, for the tests that walk all pages."""

from collections.abc import Callable
from typing import Final

from tests.integration.campaigns.builders import a_campaign
from web.routes import Route


def _of_a_campaign(page: str) -> Callable[[], str]:
    return lambda: f"campaigns/{a_campaign().id}{page}"


# A page with `{name}` in its path needs a row here: the function makes the thing, and returns
# the place of its page.
SAMPLES: Final[dict[str, Callable[[], str]]] = {
    **{
        f"campaigns/{{campaign_id}}{page}": _of_a_campaign(page)
        for page in ("", "/preview", "/start", "/pause", "/resume", "/stop")
    },
    "templates/{template_code}": lambda: "templates/order_confirmed",
    "templates/{template_code}/mail": lambda: "templates/order_confirmed/mail",
    "templates/{template_code}/rollback": lambda: "templates/order_confirmed/rollback",
}


def place_of(route: Route) -> str:
    """Return a place of a page at which there is something."""
    return SAMPLES[route.path]() if "{" in route.path else route.path
