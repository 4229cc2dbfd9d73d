"""The queues: what waits in each of them, who consumes it, and how late it is."""

from typing import Final

from pages.overview import QUEUE_KINDS
from tidings.monitoring.overview.queues import get_queue_stats
from web.views import View
from web.visits import Visit

# These have no failed messages of their own.
WITHOUT_CONSUMER: Final = ("retry.", "unreadable-messages")


def show(visit: Visit) -> View:
    """Return the page.

    Raises:
        Unavailable: RabbitMQ does not answer.
    """
    values = {
        "queues": get_queue_stats(caller=visit.caller),
        "kinds": QUEUE_KINDS,
        "without_consumer": WITHOUT_CONSUMER,
    }
    return View("queues.html", visit.texts("queues_page.title"), values)
