"""The commands that report final statuses to the services that sent the messages."""

from datetime import datetime
from typing import Any

from tidings.delivery.events import ReportStatus, ReportStatusData
from tidings.delivery.states import SETTLED

# The fields of a notification that a report needs.
READ = ("callback_to", "subject_id", "correlation_id", "simulated")


def report_of(
    notification: Any, channel: str, status: str, reason: str | None, at: datetime
) -> ReportStatus | None:
    """Return the command of a report; None if it is not final or its sender has no callback.

    Args:
        notification: a document or a row with the fields `READ`.
    """
    if not notification.callback_to or status not in SETTLED:
        return None
    data = ReportStatusData(
        notification_id=notification.id,
        service_id=notification.callback_to,
        request_id=notification.subject_id,
        channel=channel,
        status=str(status),
        reason=reason,
        at=at,
        simulated=bool(notification.simulated),
    )
    return ReportStatus(
        id=f"report:{notification.id}:{channel}:{status}",
        subject=notification.id,
        correlationid=notification.correlation_id,
        data=data,
    )
