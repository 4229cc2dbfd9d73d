"""The queues: what waits in each of them, who consumes it, and how late it is."""

from typing import Final

from tidings.monitoring.backlogs import get_queue_stats
from tidings.monitoring.schemas import QueueStats
from web.views import View
from web.visits import Visit

# No function consumes these: retries wait for their time, and unreadable messages for a person.
WITHOUT_CONSUMER: Final = ("retry.", "unreadable-messages")
KINDS: Final = {"no_consumer": "bad", "waiting": "wait", "empty": "good", "kept": "off"}


def show(visit: Visit) -> View:
    """Return the page.

    Raises:
        Unavailable: RabbitMQ does not answer.
    """
    queues = [(each, state_of(each)) for each in get_queue_stats(caller=visit.caller)]
    values = {"queues": queues, "kinds": KINDS, "without_consumer": WITHOUT_CONSUMER}
    return View("queues.html", visit.texts("queues_page.title"), values)


def state_of(queue: QueueStats) -> str:
    """Return the word for a queue's state."""
    if queue.name.startswith(WITHOUT_CONSUMER):
        return "kept" if queue.messages else "empty"
    if not queue.consumers:
        return "no_consumer"
    return "waiting" if queue.messages else "empty"
