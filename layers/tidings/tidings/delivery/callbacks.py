"""Report the final statuses of a service's messages to its callback, signed, by the webhook's code.

The command to report is stored in the write that makes the status final. Its id is derived from the
notification, the channel and the status, so that the receiver can detect repetitions.
"""

import json
from typing import Any, Final

from tidings.delivery.channels import webhook
from tidings.delivery.errors import CircuitOpen, PermanentFailure, TemporaryFailure
from tidings.delivery.events import ReportStatus
from tidings.platform.context import is_last_attempt
from tidings.platform.errors import NotYet
from tidings.platform.logging import logger
from tidings.platform.providers.breaker import guarded
from tidings.platform.providers.deadline import Deadline
from tidings.platform.providers.public_hosts import HttpsUrl
from tidings.platform.security.limits import digest
from tidings.users.service_callbacks import Callback, callback_of

# A receiver that hangs takes 10 s; the service is read before.
NEEDS_SECONDS: Final = 20.0


def report_status(command: ReportStatus) -> None:
    """Call the service's callback with a status, as it is now registered.

    A receiver that refuses, or that fails at all attempts, gets this status no more: it is the
    service's own server, so operators cannot do anything about it.

    Raises:
        NotYet: the receiver's circuit is open.
        TemporaryFailure: the receiver did not accept it this time.
    """
    service_id = command.data.service_id
    callback = callback_of(service_id)
    if callback is None:
        logger.info("status callback skipped: the service has none", service_id=service_id)
        return
    try:
        # Each receiver has a circuit of its own, so that one that hangs does not stop the others.
        with guarded(f"webhook:{digest(callback.url)}"):
            _call(command, callback)
    except CircuitOpen as error:
        raise NotYet("The circuit of the service's callback is open.") from error
    except PermanentFailure as failure:
        _give_up(command, failure.reason)
    except TemporaryFailure as failure:
        if not is_last_attempt():
            raise
        _give_up(command, failure.reason)
    else:
        logger.info("status callback accepted", service_id=service_id, status=command.data.status)


def _call(command: ReportStatus, callback: Callback) -> None:
    try:
        target = HttpsUrl.parse(callback.url)
    except ValueError as error:
        raise PermanentFailure("bad_address", str(error)) from None
    webhook.post_signed(
        target,
        _body(command),
        message_id=command.id,
        key=callback.key,
        correlation_id=command.correlationid,
        deadline=Deadline.after(),
    )


def _body(command: ReportStatus) -> bytes:
    data = command.data
    content: dict[str, Any] = {
        "type": "notification.status",
        "notification_id": data.notification_id,
        "request_id": data.request_id,
        "channel": data.channel,
        "status": data.status,
        "reason": data.reason,
        "at": data.at.isoformat(),
        "simulated": data.simulated,
    }
    return json.dumps(content, separators=(",", ":")).encode()


def _give_up(command: ReportStatus, reason: str) -> None:
    logger.warning(
        "status callback given up: the receiver did not accept it",
        service_id=command.data.service_id,
        notification_id=command.data.notification_id,
        reason=reason,
    )
