"""Process the providers' feedback on accepted mails: delivered, bounced, complaint."""

from datetime import datetime
from typing import Final

from mongoengine import NotUniqueError

from tidings.delivery.events import (
    NotificationDelivered,
    NotificationDeliveredData,
    NotificationFailed,
    NotificationFailedData,
)
from tidings.delivery.models import Feedback
from tidings.delivery.schemas import MailFeedback
from tidings.delivery.suppression import HARD_BOUNCE, suppress
from tidings.platform.context import accept_correlation_id, correlation_id
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.timing.clock import now

# These reports are permanent. Others are not: a mailbox that is full today may have room tomorrow.
SUPPRESSING: Final = frozenset({HARD_BOUNCE, "complaint"})
CHANNEL: Final = "email"


def take_mail_feedback(said: MailFeedback | None, *, at: datetime | None = None) -> None:
    """Record feedback on a mail, once: suppress its address if necessary, and publish an event.

    With None it does nothing.
    """
    if said is None:
        return
    if said.kind in SUPPRESSING:
        for address in said.recipients:
            suppress(address, said.kind, at=said.at)
    noted = Feedback(
        id=f"{said.provider}:{said.provider_message_id}:{said.kind}",
        kind=said.kind,
        notification_id=said.notification_id,
        created_at=at or now(),
    )
    try:
        outbox.insert(noted, *_announced(said))
    except NotUniqueError:
        logger.info("mail feedback skipped: recorded before", feedback=said.kind)
        return
    logger.info("mail feedback recorded", feedback=said.kind, notification_id=said.notification_id)


def _announced(said: MailFeedback) -> list[NotificationDelivered | NotificationFailed]:
    if said.notification_id is None:  # another system sent the mail
        return []
    about = {
        "notification_id": said.notification_id,
        "channel": CHANNEL,
        "provider": said.provider,
        "provider_message_id": said.provider_message_id,
        "at": said.at,
    }
    subject = said.notification_id
    correlation = accept_correlation_id(said.correlation_id or correlation_id())
    if said.kind == "delivered":
        arrived = NotificationDeliveredData.model_validate(about)
        return [NotificationDelivered(subject=subject, correlationid=correlation, data=arrived)]
    failed = NotificationFailedData.model_validate(about | {"reason": said.kind})
    return [NotificationFailed(subject=subject, correlationid=correlation, data=failed)]
