"""What happened to an order or to a notification, and why."""

from collections.abc import Mapping
from typing import Final

from tidings.monitoring.explaining.operations import explain_notification, explain_order
from tidings.monitoring.explaining.schemas import ExplainedStep, Explanation
from web.views import View
from web.visits import Visit

# Kinds of signs for the codes of steps, and for the outcome on a channel; others get `off`.
SIGNS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("sent", "delivered", "confirmed", "paid", "shipped", "redriven"), "good"),
    **dict.fromkeys(("scheduled", "queued", "sending", "waits", "placed"), "wait"),
    # Not sent on purpose: this is no fault, but perhaps the answer.
    **dict.fromkeys(("suppressed", "attempt_failed"), "wait"),
    **dict.fromkeys(("failed", "unknown", "rejected"), "bad"),
}


def sign_of(code: str) -> str:
    """Return the kind of the sign for a code such as `delivery.sent`."""
    return SIGNS.get(code.rpartition(".")[2], "off")


def show_order(visit: Visit) -> View:
    """Explain an order.

    Raises:
        OrderNotFound: it does not exist.
    """
    found = explain_order(visit.path["order_id"], caller=visit.caller)
    return _page(found, visit.texts("explanation.order"))


def show_notification(visit: Visit) -> View:
    """Explain a notification.

    Raises:
        NotificationNotFound: it does not exist, or it expired.
    """
    found = explain_notification(visit.path["notification_id"], caller=visit.caller)
    return _page(found, visit.texts("explanation.notification"))


def _page(found: Explanation, title: str) -> View:
    values = {
        "found": found,
        "steps": [(each, sign_of(each.code)) for each in found.steps],
        "sign_of": sign_of,
        "is_order": found.order_id == found.id,
        "told": [each for event in found.events for each in event.notifications],
        "failed": sorted(_failed_messages(found.steps)),
    }
    return View("explanation.html", title, values)


def _failed_messages(steps: list[ExplainedStep]) -> set[str]:
    return {each.failed_message_id for each in steps if each.failed_message_id}
