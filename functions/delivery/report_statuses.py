"""Consumer of the queue `callbacks.queue`: reports statuses to the services' own servers."""

from tidings.delivery.callbacks import NEEDS_SECONDS, report_status
from tidings.delivery.events import ReportStatus
from tidings.platform.entry.consumer import consumer


@consumer(ReportStatus, needs_seconds=NEEDS_SECONDS)
def handler(command: ReportStatus) -> None:
    report_status(command)
