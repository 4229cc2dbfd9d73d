"""The overview: health of the services, queues, waiting events."""

from typing import Final

from tidings.monitoring.backlogs import get_queue_stats
from tidings.monitoring.health import check_services
from tidings.platform.errors import Unavailable
from web.views import View
from web.visits import Visit

KINDS: Final = {"healthy": "good", "degraded": "wait", "unhealthy": "bad"}


def show(visit: Visit) -> View:
    """Return the page. If a service is unavailable, the page shows the rest."""
    try:
        queues = get_queue_stats(caller=visit.caller)
    except Unavailable:
        queues = None
    values = {"health": check_services(), "kinds": KINDS, "queues": queues}
    return View("overview.html", visit.texts("overview.title"), values)
