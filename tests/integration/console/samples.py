"""A real place for each page whose path has an id, for the tests that walk all pages."""

from collections.abc import Callable
from typing import Final

from tests.integration.builders import a_product, a_reader, an_order
from tests.integration.campaigns.builders import a_campaign
from tests.integration.monitoring.builders import a_dead_letter
from tests.integration.vouchers.builders import a_voucher
from tidings.delivery.models import Notification
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.platform.timing.clock import new_id
from web.routes import Route


def _of_a_campaign(page: str) -> Callable[[], str]:
    return lambda: f"campaigns/{a_campaign().id}{page}"


def a_notification(user_id: str | None = None, **values: object) -> Notification:
    """Return a stored notification."""
    person = user_id or a_reader().user_id
    stored = {
        "kind": "order.confirmed", "category": "orders", "title": "Confirmed", "body": "Yours",
        "subject_id": new_id(), "dedupe_key": new_id(), "event_id": new_id(),
    }  # fmt: skip
    made = Notification(user_id=person, **stored | values)
    made.save(force_insert=True)
    return made


def _order() -> str:
    return f"orders/{an_order(a_product(stock=5)).id}"


# A page with `{name}` in its path needs a row here: the function makes the thing, and returns
# the place of its page.
SAMPLES: Final[dict[str, Callable[[], str]]] = {
    **{
        f"campaigns/{{campaign_id}}{page}": _of_a_campaign(page)
        for page in ("", "/preview", "/copy", "/winner", "/start", "/pause", "/resume", "/stop")
    },
    "templates/{template_code}": lambda: "templates/order_confirmed",
    "templates/{template_code}/mail": lambda: "templates/order_confirmed/mail",
    "templates/{template_code}/rollback": lambda: "templates/order_confirmed/rollback",
    "vouchers/{voucher_id}": lambda: f"vouchers/{a_voucher().id}",
    "vouchers/{voucher_id}/end": lambda: f"vouchers/{a_voucher().id}/end",
    "orders/{order_id}": _order,
    "notifications/{notification_id}": lambda: f"notifications/{a_notification().id}",
    "persons/{person_id}": lambda: f"persons/{a_reader().user_id}",
    "failed-messages/{message_id}": lambda: f"failed-messages/{a_failed_message()}",
    "failed-messages/{message_id}/edit": lambda: f"failed-messages/{a_failed_message()}/edit",
}


def a_failed_message() -> str:
    """Store a message that a consumer could not handle; return its id."""
    letter = a_dead_letter()
    store_failed_messages([letter])
    return letter.key


def place_of(route: Route) -> str:
    """Return a place of a page at which there is something."""
    return SAMPLES[route.path]() if "{" in route.path else route.path
